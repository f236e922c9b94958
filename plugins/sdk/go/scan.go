package weir

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
)

// Messages are read without making values of what nobody asks for: an object is cut into its members,
// and a member is decoded when a handler wants it.

var errNotJSON = errors.New("it is not JSON")

// members calls each with the key and the raw value of every member of an object, in their order. A nil or null object has none.
func members(raw []byte, each func(key, value []byte) error) error {
	at := skipSpace(raw, 0)
	if at == len(raw) || bytes.HasPrefix(raw[at:], []byte("null")) {
		return nil
	}
	if raw[at] != '{' {
		return errNotJSON
	}
	at = skipSpace(raw, at+1)
	if at < len(raw) && raw[at] == '}' {
		return nil
	}
	for {
		end, err := skipValue(raw, at)
		if err != nil || raw[at] != '"' {
			return errNotJSON
		}
		key, err := bare(raw[at:end])
		if err != nil {
			return err
		}
		at = skipSpace(raw, end)
		if at >= len(raw) || raw[at] != ':' {
			return errNotJSON
		}
		at = skipSpace(raw, at+1)
		end, err = skipValue(raw, at)
		if err != nil {
			return err
		}
		if err := each(key, raw[at:end]); err != nil {
			return err
		}
		at = skipSpace(raw, end)
		if at >= len(raw) {
			return errNotJSON
		}
		if raw[at] == '}' {
			return nil
		}
		if raw[at] != ',' {
			return errNotJSON
		}
		at = skipSpace(raw, at+1)
	}
}

// elements is members for arrays.
func elements(raw []byte, each func(value []byte) error) error {
	at := skipSpace(raw, 0)
	if at == len(raw) || bytes.HasPrefix(raw[at:], []byte("null")) {
		return nil
	}
	if raw[at] != '[' {
		return errNotJSON
	}
	at = skipSpace(raw, at+1)
	if at < len(raw) && raw[at] == ']' {
		return nil
	}
	for {
		end, err := skipValue(raw, at)
		if err != nil {
			return err
		}
		if err := each(raw[at:end]); err != nil {
			return err
		}
		at = skipSpace(raw, end)
		if at >= len(raw) {
			return errNotJSON
		}
		if raw[at] == ']' {
			return nil
		}
		if raw[at] != ',' {
			return errNotJSON
		}
		at = skipSpace(raw, at+1)
	}
}

func skipSpace(raw []byte, at int) int {
	for at < len(raw) && (raw[at] == ' ' || raw[at] == '\t' || raw[at] == '\r' || raw[at] == '\n') {
		at++
	}
	return at
}

// skipValue tells where the value that begins at `at` ends.
func skipValue(raw []byte, at int) (int, error) {
	if at >= len(raw) {
		return 0, errNotJSON
	}
	switch raw[at] {
	case '"':
		return skipString(raw, at)
	case '{', '[':
		depth := 0
		for at < len(raw) {
			switch raw[at] {
			case '"':
				end, err := skipString(raw, at)
				if err != nil {
					return 0, err
				}
				at = end
				continue
			case '{', '[':
				depth++
			case '}', ']':
				depth--
				if depth == 0 {
					return at + 1, nil
				}
			}
			at++
		}
		return 0, errNotJSON
	}
	from := at
	for at < len(raw) {
		switch raw[at] {
		case ',', '}', ']', ' ', '\t', '\r', '\n', ':':
			if at == from {
				return 0, errNotJSON
			}
			return at, nil
		}
		at++
	}
	return at, nil
}

func skipString(raw []byte, at int) (int, error) {
	for at++; at < len(raw); at++ {
		switch raw[at] {
		case '"':
			return at + 1, nil
		case '\\':
			at++
		}
	}
	return 0, errNotJSON
}

// bare is the text of a string, which is copied only where it has escapes.
func bare(raw []byte) ([]byte, error) {
	if len(raw) >= 2 && raw[0] == '"' && bytes.IndexByte(raw, '\\') < 0 {
		return raw[1 : len(raw)-1], nil
	}
	s, err := text(raw)
	return []byte(s), err
}

// text decodes a string.
func text(raw []byte) (string, error) {
	if len(raw) < 2 || raw[0] != '"' {
		return "", errNotJSON
	}
	if bytes.IndexByte(raw, '\\') < 0 {
		return string(raw[1 : len(raw)-1]), nil
	}
	var s string
	err := json.Unmarshal(raw, &s)
	return s, err
}

func integer(raw []byte) (int64, error) {
	return strconv.ParseInt(string(raw), 10, 64)
}

func isTrue(raw []byte) bool {
	return string(raw) == "true"
}
