package handlers

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"gatehouse/models"
	"gatehouse/scim"
)

// scimQuery are the parameters of a SCIM address, their names in lower case. Unknown ones, such as Entra's flag aadOptscim062020, are
// there and never asked for.
type scimQuery map[string]string

// parseSCIMQuery decodes as forms do: a plus sign is a space. What cannot be decoded is refused, because a filter that got lost would find
// everybody.
func parseSCIMQuery(raw string) (scimQuery, error) {
	if raw == "" {
		return nil, nil
	}
	values, err := url.ParseQuery(strings.ReplaceAll(raw, ";", "%3B"))
	if err != nil {
		return nil, &scim.Error{Status: 400, Type: scim.TypeInvalidSyntax, Detail: "The address has a percent sign that begins no code. Encode the parameters as forms do."}
	}
	if !readableValues(values) {
		return nil, &scim.Error{Status: 400, Type: scim.TypeInvalidSyntax, Detail: "The address holds a null byte, or bytes that are no UTF-8. Encode the parameters as UTF-8."}
	}
	q := scimQuery{}
	for name, list := range values {
		name = strings.ToLower(name)
		if before, again := q[name]; again {
			list = append([]string{before}, list...)
		}
		q[name] = list[0]
		switch {
		case len(list) == 1:
		case name == "attributes" || name == "excludedattributes":
			slices.Sort(list) // the order of a map's names is nobody's
			q[name] = strings.Join(list, ",")
		case slices.Contains(scimParameters, name):
			return nil, &scim.Error{Status: 400, Type: scim.TypeInvalidSyntax, Detail: "The parameter " + name + " is given twice. Give it once."}
		}
	}
	return q, nil
}

// scimParameters mean something here, and only once.
var scimParameters = []string{"filter", "sortby", "sortorder", "startindex", "count", "cursor"}

// list is the page that the parameters ask for, without the filter. RFC 7644 §3.4.2.4: a startIndex below 1 is 1, a negative count is 0.
func (q scimQuery) list() (models.SCIMQuery, error) {
	page := models.SCIMQuery{StartIndex: 1, Count: scim.DefaultPage}
	var err error
	if text := q["startindex"]; text != "" {
		if page.StartIndex, err = integer("startIndex", text, scim.TypeInvalidValue); err != nil {
			return page, err
		}
		page.StartIndex = max(page.StartIndex, 1)
	}
	if text := q["count"]; text != "" {
		kind := scim.TypeInvalidValue
		if q.byCursor() {
			kind = scim.TypeInvalidCount // RFC 9865 §2.1
		}
		if page.Count, err = integer("count", text, kind); err != nil {
			return page, err
		}
		page.Count = min(max(page.Count, 0), scim.MaxPage)
	}
	return page, nil
}

// byCursor tells whether the client pages by cursor; the first page is asked for with an empty one (RFC 9865 §2).
func (q scimQuery) byCursor() bool {
	_, given := q["cursor"]
	return given
}

// integer reads a number; one too large for us is as good as the largest.
func integer(name, text, kind string) (int, error) {
	const most = 1 << 30
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if ne, ok := err.(*strconv.NumError); ok && ne.Err != strconv.ErrRange {
		return 0, &scim.Error{Status: 400, Type: kind, Detail: name + " must be a whole number"}
	}
	return int(max(min(n, most), -most)), nil
}

// projection is what attributes and excludedAttributes ask for; nil is everything.
func (q scimQuery) projection(rt *scim.ResourceType) *scim.Projection {
	return scim.ParseProjection(rt, q["attributes"], q["excludedattributes"])
}

// projected tells whether the request says which attributes it wants back.
func (q scimQuery) projected() bool { return q["attributes"] != "" || q["excludedattributes"] != "" }
