package weir

import "encoding/json"

// appendText appends a JSON string.
func appendText(b []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < 0x20 || c == '"' || c == '\\' || c >= 0x7f {
			made, _ := json.Marshal(s)
			return append(b, made...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

// appendJSON appends any value.
func appendJSON(b []byte, value any) ([]byte, error) {
	made, err := json.Marshal(value)
	if err != nil {
		return b, err
	}
	return append(b, made...), nil
}

// appendKey begins a member of an object that ends with b.
func appendKey(b []byte, key string) []byte {
	if b[len(b)-1] != '{' {
		b = append(b, ',')
	}
	b = append(b, '"')
	b = append(b, key...)
	return append(b, '"', ':')
}

func appendFields(b []byte, fields []Field) []byte {
	b = append(b, '[')
	for i, f := range fields {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '[')
		b = appendText(b, f[0])
		b = append(b, ',')
		b = appendText(b, f[1])
		b = append(b, ']')
	}
	return append(b, ']')
}
