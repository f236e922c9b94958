package main

import (
	"crypto/sha256"
	"net/url"
	"strings"

	weir "weir/plugin"
)

// judge tells what becomes of a request.
func (s *settings) judge(path string, fields []weir.Field) *weir.Action {
	target, inQuery := s.takeQuery(path)
	key, ok := s.keyOf(fields)
	if ok && key == "" && len(inQuery) == 1 {
		key = inQuery[0]
	}
	consumer, known := s.consumers[sha256.Sum256([]byte(key))]
	var a *weir.Action
	if ok && key != "" && known {
		a = s.welcome(consumer, path, target)
	} else {
		a = s.refuse()
	}
	if s.cache > 0 {
		// An answer depends on the path where the key may stand there.
		parts := []string{"field:" + s.Header}
		if s.Query != "" {
			parts = append(parts, "path")
		}
		a.Cache = &weir.Cache{Key: parts, TTL: s.cache}
	}
	return a
}

// keyOf is the key of the field, empty without one. Not ok: there are several, or one of another scheme.
func (s *settings) keyOf(fields []weir.Field) (key string, ok bool) {
	seen := false
	for _, f := range fields {
		if f[0] != s.Header {
			continue
		}
		if seen {
			return "", false
		}
		seen, key = true, f[1]
	}
	if !seen || s.Header != "authorization" {
		return key, true
	}
	scheme, token, _ := strings.Cut(key, " ")
	return strings.TrimSpace(token), strings.EqualFold(scheme, "bearer")
}

// takeQuery gives the path without the parameter, and its values. What is left stands as it came.
func (s *settings) takeQuery(path string) (target string, values []string) {
	before, query, has := strings.Cut(path, "?")
	if !has || s.Query == "" {
		return path, nil
	}
	var kept []string
	for _, pair := range strings.Split(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if n, err := url.QueryUnescape(name); err != nil || n != s.Query {
			kept = append(kept, pair)
			continue
		}
		if v, err := url.QueryUnescape(value); err == nil {
			values = append(values, v)
		} else {
			values = append(values, "")
		}
	}
	if len(kept) == 0 {
		return before, values
	}
	return before + "?" + strings.Join(kept, "&"), values
}

func (s *settings) welcome(consumer, path, target string) *weir.Action {
	a := &weir.Action{
		Fields:   []weir.FieldChange{weir.Set(s.ConsumerHeader, consumer)},
		Metadata: map[string]map[string]any{"api-key": {"consumer": consumer}},
	}
	if s.Keep {
		return a
	}
	a.Fields = append(a.Fields, weir.Remove(s.Header))
	if target != path {
		a.Path = target
	}
	return a
}

func (s *settings) refuse() *weir.Action {
	scheme, where := "ApiKey", "the field "+s.Header
	if s.Header == "authorization" {
		scheme = "Bearer"
	}
	if s.Query != "" {
		where += " or the parameter " + s.Query
	}
	return &weir.Action{Respond: &weir.Respond{
		Status: 401,
		Fields: []weir.Field{
			{"www-authenticate", scheme + ` realm="` + s.Realm + `"`},
			{"content-type", "text/plain; charset=utf-8"},
			{"cache-control", "no-store"},
		},
		Body: []byte("Pass an API key in " + where + ".\n"),
	}}
}
