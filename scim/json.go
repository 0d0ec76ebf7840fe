package scim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sort"
	"unicode/utf8"
)

// Limits on what is read. They are checked before anything is built from the input.
const (
	MaxBody  = 1 << 20 // bytes of one request body
	maxDepth = 32      // nested objects and arrays
	// Values in one body: decoded, an object of one member takes a hundred times its text.
	maxValuesInBody = 100_000
	maxValuesInBulk = 200_000
	// maxResource is bytes of one resource as stored: a search may read every one of an organization.
	maxResource = 256 << 10
)

// errLargeResource refuses what is too large to be kept.
var errLargeResource = &Error{Status: 413, Detail: "the resource would be larger than 256 KiB; leave out large values, such as pictures"}

// decodeObject reads one JSON object. Numbers stay json.Number, so that they are echoed as sent.
func decodeObject(body []byte) (map[string]any, error) {
	return decodeLimited(body, MaxBody, "1 MiB", maxValuesInBody)
}

// decodeLimited is decodeObject for bodies of up to limit bytes, which is size for people, with so many values.
func decodeLimited(body []byte, limit int, size string, values int) (map[string]any, error) {
	if len(body) > limit {
		return nil, &Error{Status: 413, Detail: "the request body is larger than " + size + "; send less in one request"}
	}
	body = bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")) // a byte order mark, which some clients send
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, bad(TypeInvalidSyntax, "the request body is empty; send a JSON object")
	}
	if !utf8.Valid(body) {
		return nil, bad(TypeInvalidSyntax, "the request body is not valid UTF-8")
	}
	switch depth, count := extent(body); {
	case depth > maxDepth:
		return nil, bad(TypeInvalidSyntax, "the request body is nested more than %d levels deep", maxDepth)
	case count > values:
		return nil, &Error{Status: 413, Detail: fmt.Sprintf("the request body holds more than %d values; send fewer in one request", values)}
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			return nil, bad(TypeInvalidSyntax, "the request body is not valid JSON at byte %d: %s", syntax.Offset, syntax.Error())
		}
		return nil, bad(TypeInvalidSyntax, "the request body is not valid JSON: it ends too early")
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, bad(TypeInvalidSyntax, "the request body holds more than one JSON value")
	}
	object, ok := value.(map[string]any)
	if !ok {
		return nil, bad(TypeInvalidSyntax, "the request body must be a JSON object")
	}
	return object, nil
}

// extent is how deep a body is nested and how many values it holds, or a few more. It scans what is outside strings and needs no valid
// JSON.
func extent(body []byte) (depth, values int) {
	level, inString := 0, false
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case inString:
			if c == '\\' {
				i++
			} else if c == '"' {
				inString = false
			}
		case c == '"':
			inString = true
		case c == '{' || c == '[':
			values++
			level++
			depth = max(depth, level)
		case c == ',':
			values++
		case c == '}' || c == ']':
			level--
		}
	}
	return depth, values
}

// sortedKeys makes walks over decoded objects repeatable: with {"userName":…,"username":…} the same one always wins.
func sortedKeys(object map[string]any) []string {
	keys := make([]string, 0, len(object))
	for key := range object {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}

const hexDigits = "0123456789abcdef"

// appendString writes s as a JSON string, escaping no more than JSON demands: what was sent is what comes back.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, s[start:i]...)
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
		start = i + 1
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}

// appendScalar writes a value that has no parts. Anything else is null, which no stored resource holds.
func appendScalar(dst []byte, value any) []byte {
	switch v := value.(type) {
	case string:
		return appendString(dst, v)
	case bool:
		if v {
			return append(dst, "true"...)
		}
		return append(dst, "false"...)
	case json.Number:
		return append(dst, v...)
	}
	return append(dst, "null"...)
}

// clone copies decoded JSON deeply.
func clone(value any) any {
	switch v := value.(type) {
	case map[string]any:
		return cloneObject(v)
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = clone(v[i])
		}
		return list
	}
	return value
}

func cloneObject(object map[string]any) map[string]any {
	copied := make(map[string]any, len(object))
	for key, value := range object {
		copied[key] = clone(value)
	}
	return copied
}

// equal compares decoded JSON.
func equal(a, b any) bool {
	switch x := a.(type) {
	case map[string]any:
		y, ok := b.(map[string]any)
		if !ok || len(x) != len(y) {
			return false
		}
		for key, value := range x {
			other, ok := y[key]
			if !ok || !equal(value, other) {
				return false
			}
		}
		return true
	case []any:
		y, ok := b.([]any)
		if !ok || len(x) != len(y) {
			return false
		}
		for i := range x {
			if !equal(x[i], y[i]) {
				return false
			}
		}
		return true
	case nil:
		return b == nil
	}
	switch b.(type) {
	case map[string]any, []any:
		return false
	}
	return a == b
}
