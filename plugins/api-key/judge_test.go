package main

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	weir "weir/plugin"
)

func of(t *testing.T, config string) *settings {
	t.Helper()
	s, err := parse(json.RawMessage(config))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const keys = `"keys":[{"consumer":"acme","key":"k1"},{"consumer":"other","sha256":"2C26B46B68FFC68FF99B453C1D30413413422D706483BFA0F98A5E886266E7AE"}]`

func TestKeysThatAreKnown(t *testing.T) {
	for _, row := range []struct {
		what, config, path string
		fields             []weir.Field
		consumer           string
	}{
		{"in the header", `{` + keys + `}`, "/", []weir.Field{{"x-api-key", "k1"}}, "acme"},
		{"by its digest", `{` + keys + `}`, "/", []weir.Field{{"x-api-key", "foo"}}, "other"},
		{"none", `{` + keys + `}`, "/", nil, ""},
		{"a wrong one", `{` + keys + `}`, "/", []weir.Field{{"x-api-key", "k2"}}, ""},
		{"an empty one", `{` + keys + `}`, "/", []weir.Field{{"x-api-key", ""}}, ""},
		{"two headers", `{` + keys + `}`, "/", []weir.Field{{"x-api-key", "k1"}, {"x-api-key", "k1"}}, ""},
		{"in a query that is not asked for", `{` + keys + `}`, "/?key=k1", nil, ""},
		{"in the query", `{"query":"key",` + keys + `}`, "/?a=1&key=k1", nil, "acme"},
		{"twice in the query", `{"query":"key",` + keys + `}`, "/?key=k1&key=k1", nil, ""},
		{"a wrong header beside a right query", `{"query":"key",` + keys + `}`, "/?key=k1", []weir.Field{{"x-api-key", "k2"}}, ""},
		{"as bearer", `{"header":"Authorization",` + keys + `}`, "/", []weir.Field{{"authorization", "bearer k1"}}, "acme"},
		{"of another scheme", `{"header":"authorization",` + keys + `}`, "/", []weir.Field{{"authorization", "Basic k1"}}, ""},
		{"without keys", `{}`, "/", []weir.Field{{"x-api-key", "k1"}}, ""},
		{"null", `null`, "/", []weir.Field{{"x-api-key", "k1"}}, ""},
	} {
		a := of(t, row.config).judge(row.path, row.fields)
		got := ""
		if a.Respond == nil {
			got = a.Fields[0][2]
		} else if a.Respond.Status != 401 || a.Respond.Fields[0][0] != "www-authenticate" {
			t.Errorf("%s: answered %v", row.what, a.Respond)
		}
		if got != row.consumer {
			t.Errorf("%s: got %q, want %q", row.what, got, row.consumer)
		}
	}
}

func TestTheKeyStaysHere(t *testing.T) {
	a := of(t, `{"query":"key",`+keys+`}`).judge("/p?a=%2F&key=k%31&b", nil)
	want := []weir.FieldChange{weir.Set("x-consumer", "acme"), weir.Remove("x-api-key")}
	if a.Path != "/p?a=%2F&b" || !reflect.DeepEqual(a.Fields, want) {
		t.Errorf("got %v", a)
	}
	if a = of(t, `{"query":"key",`+keys+`}`).judge("/p?key=k1", nil); a.Path != "/p" {
		t.Errorf("got %v", a.Path)
	}
	if a = of(t, `{"query":"key","keep":true,`+keys+`}`).judge("/p?key=k1", nil); a.Path != "" || len(a.Fields) != 1 {
		t.Errorf("got %v", a)
	}
}

func TestCacheNamesWhatTheAnswerDependsOn(t *testing.T) {
	a := of(t, `{`+keys+`}`).judge("/", nil)
	if !reflect.DeepEqual(a.Cache.Key, []string{"field:x-api-key"}) || a.Cache.TTL.Milliseconds() != 30000 {
		t.Errorf("got %v", a.Cache)
	}
	if a = of(t, `{"query":"key",`+keys+`}`).judge("/", nil); !reflect.DeepEqual(a.Cache.Key, []string{"field:x-api-key", "path"}) {
		t.Errorf("got %v", a.Cache)
	}
	if a = of(t, `{"cacheMs":0,`+keys+`}`).judge("/", nil); a.Cache != nil {
		t.Errorf("got %v", a.Cache)
	}
}

func TestSettingsThatAreRefused(t *testing.T) {
	for config, said := range map[string]string{
		`{"key":[]}`:                                "unknown field",
		`{"keys":[{"consumer":"a"}]}`:               "keys[0]: give key or sha256",
		`{"keys":[{"key":"a"}]}`:                    "keys[0]: name the consumer",
		`{"keys":[{"consumer":"a","sha256":"ab"}]}`: "keys[0]: give sha256 as 64",
		`{"keys":[{"consumer":"a","key":"k"},{"consumer":"b","key":"k"}]}`: "keys[1]: give each key once: a has it",
		`{"realm":"a\"b"}`: "leave quotes",
	} {
		if _, err := parse(json.RawMessage(config)); err == nil || !strings.Contains(err.Error(), said) {
			t.Errorf("%s: %v", config, err)
		}
	}
}

func TestSchemaIsJSON(t *testing.T) {
	if !json.Valid([]byte(schema)) {
		t.Error("it is not")
	}
}
