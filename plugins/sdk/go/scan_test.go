package weir

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
)

func TestMembersAreThoseOfEncodingJSON(t *testing.T) {
	for _, doc := range []string{
		`{}`, ` { } `, `null`, `{"a":1}`, `{ "a" : [1, {"b":"]}"}] , "c" : "\"}" , "d":null,"e":-1.5e3 ,"f":true}`,
		`{"\u0061\"b":"x","":{}}`, `{"a":"\\"}`, `{"a":[],"b":[[]],"c":{"d":{}}}`,
	} {
		var want map[string]json.RawMessage
		if err := json.Unmarshal([]byte(doc), &want); err != nil {
			t.Fatal(doc, err)
		}
		got := map[string]json.RawMessage{}
		if err := members([]byte(doc), func(k, v []byte) error { got[string(k)] = v; return nil }); err != nil {
			t.Fatal(doc, err)
		}
		if len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %s, want %s", doc, got, want)
		}
	}
}

func TestWhatIsNoObjectIsRefused(t *testing.T) {
	for _, doc := range []string{`hello`, `[1]`, `"a"`, `{`, `{"a"`, `{"a":`, `{"a":1`, `{"a":1,`, `{"a":1,}`, `{a:1}`, `{"a" 1}`, `{"a":}`, `{"a":"x`, `{"a":[1}`, `{"a":1 "b":2}`} {
		if err := members([]byte(doc), func([]byte, []byte) error { return nil }); err == nil {
			t.Errorf("%s was taken", doc)
		}
	}
}

func TestTextComesBack(t *testing.T) {
	for _, s := range []string{"", "plain", "a\"b\\c", "line\nend\ttab\x00", "grüß €", "\u00c3\u00bc\u00ff", "<&>"} {
		got, err := text(appendText(nil, s))
		if err != nil || got != s {
			t.Errorf("%q came back as %q, %v", s, got, err)
		}
	}
}

func TestLinesAreTheSameHoweverTheyCome(t *testing.T) {
	long := strings.Repeat("x", 200_000)
	in := "a\r\n\n \nb\n" + long + "\nc\n"
	r := newReader(iotest.OneByteReader(strings.NewReader(in)))
	for _, want := range []string{"a\r", "b", long, "c"} {
		if got, err := r.line(); err != nil || string(got) != want {
			t.Fatalf("got %.20q of %d, %v", got, len(got), err)
		}
	}
	if _, err := r.line(); err == nil {
		t.Fatal("it has not ended")
	}
}
