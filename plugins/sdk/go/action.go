package weir

import (
	"encoding/base64"
	"strconv"
	"time"

	"weir/plugin/protocol"
)

// Field is the name, in lower case, and the value of a field. The value's characters are its bytes.
type Field = protocol.Field

// FieldChange is a change of a head's fields: see Set, Add and Remove.
type FieldChange = protocol.FieldChange

// Set replaces all fields of the name.
func Set(name, value string) FieldChange { return FieldChange{"set", name, value} }

// Add adds a field beside those of the name.
func Add(name, value string) FieldChange { return FieldChange{"add", name, value} }

// Remove takes all fields of the name away.
func Remove(name string) FieldChange { return FieldChange{"remove", name} }

// Action is what a handler wants. What is zero changes nothing; a nil Action changes nothing at all.
type Action struct {
	// Changes of the head's fields, in their order.
	Fields []FieldChange
	// Of the request. The path holds the query too; the authority only where it is granted.
	Method, Path, Authority, Scheme string
	// Status of the reply.
	Status int
	// A body in place of the old one; nil: the old one stays.
	Body []byte
	// What others and the access log may see, by namespace.
	Metadata map[string]map[string]any
	// How long the request may take, where that is shorter.
	Timeout time.Duration
	// Goes to this cluster, one that is granted; or to this host of it.
	Cluster, Host string
	// At most one of the three: the answer, a redirect, or a reset of the client's stream.
	Respond  *Respond
	Redirect *Redirect
	Reset    bool
	// The body phase of this direction is left out for this exchange.
	SkipBody bool
	// The host may give the same answer again; only of a request's head.
	Cache *Cache
}

// Respond is an answer to the client.
type Respond struct {
	Status int
	Fields []Field
	Body   []byte
}

// Redirect sends the client elsewhere. Status: 0 stands for 302.
type Redirect struct {
	Location string
	Status   int
}

// Cache says that the same answer holds for every request of the same config whose parts are the same:
// method, scheme, authority, path, field:NAME, attribute:NAME.
type Cache struct {
	Key []string
	TTL time.Duration
}

// appendAction appends the action as it is sent. The bytes that are returned go in a frame behind it.
func appendAction(b []byte, a *Action, binary bool) (out []byte, frame []byte, err error) {
	if a == nil {
		return append(b, '{', '}'), nil, nil
	}
	b = append(b, '{')
	if len(a.Fields) > 0 {
		b = appendChanges(appendKey(b, "fields"), a.Fields)
	}
	for _, m := range [...]struct{ key, value string }{
		{"method", a.Method}, {"path", a.Path}, {"authority", a.Authority}, {"scheme", a.Scheme}, {"cluster", a.Cluster}, {"host", a.Host},
	} {
		if m.value != "" {
			b = appendText(appendKey(b, m.key), m.value)
		}
	}
	if a.Status != 0 {
		b = strconv.AppendInt(appendKey(b, "status"), int64(a.Status), 10)
	}
	if a.Timeout > 0 {
		b = strconv.AppendInt(appendKey(b, "timeoutMs"), millis(a.Timeout), 10)
	}
	if a.Metadata != nil {
		if b, err = appendJSON(appendKey(b, "metadata"), a.Metadata); err != nil {
			return b, nil, err
		}
	}
	if a.Reset {
		b = append(appendKey(b, "reset"), "true"...)
	}
	if a.SkipBody {
		b = append(appendKey(b, "body"), `"none"`...)
	}
	if a.Redirect != nil {
		b = appendText(append(appendKey(b, "redirect"), `{"location":`...), a.Redirect.Location)
		if a.Redirect.Status != 0 {
			b = strconv.AppendInt(appendKey(b, "status"), int64(a.Redirect.Status), 10)
		}
		b = append(b, '}')
	}
	if a.Cache != nil {
		if b, err = appendJSON(appendKey(b, "cache"), protocol.CacheHint{Key: a.Cache.Key, TTLMs: millis(a.Cache.TTL)}); err != nil {
			return b, nil, err
		}
	}
	if a.Respond != nil {
		b = append(appendKey(b, "respond"), '{')
		b = strconv.AppendInt(appendKey(b, "status"), int64(a.Respond.Status), 10)
		if len(a.Respond.Fields) > 0 {
			b = appendFields(appendKey(b, "fields"), a.Respond.Fields)
		}
		b, frame = appendBytes(b, a.Respond.Body, binary)
		b = append(b, '}')
	} else if a.Body != nil {
		b, frame = appendBytes(b, a.Body, binary)
		if len(a.Body) == 0 {
			b = append(appendKey(b, "text"), `""`...)
		}
	}
	return append(b, '}'), frame, nil
}

func appendChanges(b []byte, changes []FieldChange) []byte {
	b = append(b, '[')
	for i, change := range changes {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '[')
		for j, part := range change {
			if j > 0 {
				b = append(b, ',')
			}
			b = appendText(b, part)
		}
		b = append(b, ']')
	}
	return append(b, ']')
}

// appendBytes appends the member that holds bytes, or gives them back for a frame.
func appendBytes(b, bytes []byte, binary bool) (out, frame []byte) {
	if len(bytes) == 0 {
		return b, nil
	}
	if binary {
		return b, bytes
	}
	b = append(appendKey(b, "base64"), '"')
	b = append(b, base64.StdEncoding.EncodeToString(bytes)...)
	return append(b, '"'), nil
}

func millis(d time.Duration) int64 {
	if d > 0 && d < time.Millisecond {
		return 1
	}
	return d.Milliseconds()
}
