package scim

// maxWork bounds the comparisons of one PATCH, counted in texts of up to 64 bytes: about a fifth of a second. A directory sends a few
// operations on a few values; a body of 1 MiB can ask for a hundred million comparisons, and other organizations wait meanwhile.
const maxWork = 2_000_000

// textsPerKey is what it costs to write a value out for a set, in comparisons.
const textsPerKey = 10

// spend counts every value of list as compared n times.
func (a *applier) spend(list []any, n int) *Error {
	if a.work += weight(list) * n; a.work > maxWork {
		return &Error{Status: 413, Detail: "this and the operations before it compare too many values; send fewer operations or values at once"}
	}
	return nil
}

// weight is how much there is to compare in a value.
func weight(value any) int {
	n := 1
	switch v := value.(type) {
	case string:
		n += len(v) / 64
	case []any:
		for _, item := range v {
			n += weight(item)
		}
	case map[string]any:
		for _, part := range v {
			n += weight(part) - 1
		}
	}
	return n
}
