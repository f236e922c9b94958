package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

const defaultHeader = "x-api-key"

const schema = `{
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "keys": {
      "description": "Keys that are let through",
      "type": "array",
      "items": {
        "type": "object",
        "additionalProperties": false,
        "required": ["consumer"],
        "oneOf": [{ "required": ["key"] }, { "required": ["sha256"] }],
        "properties": {
          "consumer": { "description": "Who has the key; told to the upstream", "type": "string", "minLength": 1 },
          "key": { "description": "The key", "type": "string", "minLength": 1 },
          "sha256": { "description": "SHA-256 of the key, in hexadecimal", "type": "string", "pattern": "^[0-9a-fA-F]{64}$" }
        }
      }
    },
    "header": { "description": "Field that holds the key; x-api-key when absent. With authorization, it is the token of Bearer", "type": "string", "minLength": 1 },
    "query": { "description": "Parameter of the query that may hold the key instead; none when absent", "type": "string", "minLength": 1 },
    "realm": { "description": "Told in WWW-Authenticate; api when absent", "type": "string" },
    "consumerHeader": { "description": "Field in which the upstream is told who it is; x-consumer when absent", "type": "string", "minLength": 1 },
    "keep": { "description": "The key goes on to the upstream; false when absent", "type": "boolean" },
    "cacheMs": { "description": "How long Weir may give the same answer to the same key; 30000 when absent; 0: not at all", "type": "integer", "minimum": 0 }
  }
}`

type digest = [sha256.Size]byte

type settings struct {
	Header         string
	Query          string
	Realm          string
	ConsumerHeader string
	Keep           bool
	cache          time.Duration
	// A key is looked up by its digest, so that how long that takes tells nothing of the keys.
	consumers map[digest]string
}

func parse(value json.RawMessage) (*settings, error) {
	var raw struct {
		Keys []struct {
			Consumer, Key, SHA256 string
		}
		Header, Query, Realm, ConsumerHeader string
		Keep                                 bool
		CacheMs                              *int64
	}
	d := json.NewDecoder(bytes.NewReader(value))
	d.DisallowUnknownFields()
	if err := d.Decode(&raw); err != nil {
		return nil, err
	}
	s := &settings{Header: strings.ToLower(raw.Header), Query: raw.Query, Realm: raw.Realm, ConsumerHeader: strings.ToLower(raw.ConsumerHeader), Keep: raw.Keep}
	for _, d := range []struct {
		at     *string
		absent string
	}{{&s.Header, defaultHeader}, {&s.Realm, "api"}, {&s.ConsumerHeader, "x-consumer"}} {
		if *d.at == "" {
			*d.at = d.absent
		}
	}
	if strings.ContainsAny(s.Realm, "\"\\\r\n") {
		return nil, fmt.Errorf("leave quotes, backslashes and line ends out of realm: found %q", s.Realm)
	}
	s.cache = 30 * time.Second
	if raw.CacheMs != nil {
		s.cache = time.Duration(*raw.CacheMs) * time.Millisecond
	}
	s.consumers = map[digest]string{}
	for i, k := range raw.Keys {
		sum, err := digestOf(k.Key, k.SHA256)
		if err != nil {
			return nil, fmt.Errorf("keys[%d]: %w", i, err)
		}
		if k.Consumer == "" {
			return nil, fmt.Errorf("keys[%d]: name the consumer", i)
		}
		if other, has := s.consumers[sum]; has {
			return nil, fmt.Errorf("keys[%d]: give each key once: %s has it too", i, other)
		}
		s.consumers[sum] = k.Consumer
	}
	return s, nil
}

func digestOf(key, hexDigest string) (digest, error) {
	var sum digest
	if (key == "") == (hexDigest == "") {
		return sum, errors.New("give key or sha256, one of them")
	}
	if key != "" {
		return sha256.Sum256([]byte(key)), nil
	}
	raw, err := hex.DecodeString(hexDigest)
	if err != nil || len(raw) != len(sum) {
		return sum, errors.New("give sha256 as 64 hexadecimal digits")
	}
	copy(sum[:], raw)
	return sum, nil
}
