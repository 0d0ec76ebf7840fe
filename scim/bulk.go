package scim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// Limits on one bulk request (RFC 7644 §3.7); both are announced in ServiceProviderConfig.
const (
	MaxBulkBody       = 4 << 20 // bytes
	MaxBulkOperations = 1000
)

const (
	bulkResponseURN = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"
)

// Bulk is a parsed bulk request.
type Bulk struct {
	FailOnErrors int // stop after so many failures; 0 never
	Operations   []BulkOperation
}

// BulkOperation is one operation of a bulk request.
type BulkOperation struct {
	Method  string // POST, PUT, PATCH or DELETE
	BulkID  string // by which other operations refer to what a POST creates
	Path    string // "/Users", "/Users/2819c223", "/Users/bulkId:qwerty"
	Version string // as in If-Match

	data    any
	problem *Error // what is wrong with it by itself
}

// ParseBulk reads the body of a bulk request. What is wrong with single operations becomes their result, not an error.
//
// Errors: 413 for more than MaxBulkOperations, MaxBulkBody or values, invalidSyntax for a body of another shape, invalidValue for a bulkId
// given twice.
func ParseBulk(body []byte) (*Bulk, error) {
	object, err := decodeLimited(body, MaxBulkBody, "4 MiB", maxValuesInBulk)
	if err != nil {
		return nil, err
	}
	value, _ := lookup(object, "Operations")
	list, ok := value.([]any)
	if !ok || len(list) == 0 {
		return nil, bad(TypeInvalidSyntax, "Operations is missing; a bulk request holds a list of at least one operation")
	}
	if len(list) > MaxBulkOperations {
		return nil, &Error{
			Status: http.StatusRequestEntityTooLarge,
			Detail: fmt.Sprintf("the bulk request holds %d operations, more than %d; send fewer at once", len(list), MaxBulkOperations),
		}
	}
	b := &Bulk{Operations: make([]BulkOperation, len(list))}
	if limit, given := lookup(object, "failOnErrors"); given && limit != nil {
		number, _ := limit.(json.Number)
		if b.FailOnErrors, err = strconv.Atoi(string(number)); err != nil || b.FailOnErrors < 0 {
			return nil, bad(TypeInvalidValue, "failOnErrors must be a whole number")
		}
	}
	seen := map[string]bool{}
	for i, item := range list {
		o := &b.Operations[i]
		o.parse(item)
		if o.BulkID != "" && seen[o.BulkID] {
			return nil, bad(TypeInvalidValue, "the bulkId %q is given to two operations; each needs its own", excerpt(o.BulkID))
		}
		seen[o.BulkID] = true
	}
	return b, nil
}

func (o *BulkOperation) parse(item any) {
	object, ok := item.(map[string]any)
	if !ok {
		o.problem = bad(TypeInvalidSyntax, "the operation must be an object with method, path and data")
		return
	}
	text := func(name string) string {
		value, _ := lookup(object, name)
		s, isText := value.(string)
		if value != nil && !isText {
			o.problem = bad(TypeInvalidSyntax, "%s must be a string", name)
		}
		return s
	}
	o.Method, o.BulkID, o.Path, o.Version = strings.ToUpper(text("method")), text("bulkId"), text("path"), text("version")
	o.data, _ = lookup(object, "data")
	if o.problem != nil {
		return
	}
	switch o.Method {
	case http.MethodPost, http.MethodPut, http.MethodPatch:
		if _, ok := o.data.(map[string]any); !ok {
			o.problem = bad(TypeInvalidSyntax, "%s needs data, an object", o.Method)
		}
	case http.MethodDelete:
		o.data = nil
	default:
		o.problem = bad(TypeInvalidSyntax, "the method %q is none of POST, PUT, PATCH, DELETE", excerpt(o.Method))
		return
	}
	switch {
	case o.Path == "":
		o.problem = bad(TypeInvalidSyntax, "the operation has no path, such as /Users")
	case o.Method == http.MethodPost && o.BulkID == "": // RFC 7644 §3.7: required for POST
		o.problem = bad(TypeInvalidSyntax, "a POST needs a bulkId")
	}
}

// BulkResult is what became of one operation.
type BulkResult struct {
	Operation *BulkOperation
	Status    int
	ID        string // of the resource, for POST
	Location  string // absolute; RFC 7644 §3.7 asks for it except where a POST failed
	Version   string // entity tag
	Err       *Error // nil if it was done
}

// AppendBulkResponse writes the answer of RFC 7644 §3.7. Bodies are there for failures only.
func AppendBulkResponse(dst []byte, results []BulkResult) []byte {
	dst = append(dst, `{"schemas":["`+bulkResponseURN+`"],"Operations":[`...)
	for i := range results {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = results[i].append(append(dst, '{'))
	}
	return append(dst, "]}"...)
}

func (r *BulkResult) append(dst []byte) []byte {
	for _, field := range []struct{ name, value string }{
		{"location", r.Location}, {"method", r.Operation.Method}, {"bulkId", r.Operation.BulkID}, {"version", r.Version},
	} {
		if field.value != "" {
			dst = appendString(appendKey(dst, field.name), field.value)
		}
	}
	dst = appendString(appendKey(dst, "status"), strconv.Itoa(r.Status))
	if r.Err != nil {
		dst = r.Err.Append(appendKey(dst, "response"))
	}
	return append(dst, '}')
}
