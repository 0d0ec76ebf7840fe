package demo

import "strings"

// mapping is one line of the attribute mapping: where a value comes from and where it goes.
type mapping struct {
	path   string // SCIM path
	source string // Entra's expression, for the page
	value  func(person, provisionSettings) string
}

const (
	pathWorkMail = `emails[type eq "work"].value`
	pathManager  = schemaEnterprise + ":manager"
)

// userMappings is Entra's default mapping of a custom application, without the attributes this directory lacks.
var userMappings = []mapping{
	{"userName", "userPrincipalName", func(p person, _ provisionSettings) string { return p.UPN }},
	{"active", `Switch([IsSoftDeleted], , "False", "True", "True", "False")`, func(p person, _ provisionSettings) string {
		if p.Enabled && !p.deleted() {
			return "True"
		}
		return "False"
	}},
	{"displayName", "displayName", func(p person, _ provisionSettings) string { return p.DisplayName }},
	{"title", "jobTitle", func(p person, _ provisionSettings) string { return p.JobTitle }},
	{pathWorkMail, "mail", func(p person, _ provisionSettings) string { return p.Mail }},
	{"name.givenName", "givenName", func(p person, _ provisionSettings) string { return p.GivenName }},
	{"name.familyName", "surname", func(p person, _ provisionSettings) string { return p.Surname }},
	{"name.formatted", `Join(" ", [givenName], [surname])`, func(p person, _ provisionSettings) string {
		return strings.TrimSpace(p.GivenName + " " + p.Surname)
	}},
	{"externalId", "mailNickname", func(p person, s provisionSettings) string {
		if s.ExternalIDFromObjectID {
			return p.ID
		}
		return p.nickname()
	}},
	{schemaEnterprise + ":employeeNumber", "employeeId", func(p person, _ provisionSettings) string { return p.EmployeeID }},
	{schemaEnterprise + ":department", "department", func(p person, _ provisionSettings) string { return p.Department }},
}

// desired is what the target should say about a person, by SCIM path.
func desired(p person, s provisionSettings) map[string]string {
	want := map[string]string{}
	for _, m := range userMappings {
		want[m.path] = m.value(p, s)
	}
	return want
}

// createUser is the body of POST /Users. The same body goes out in both dialects.
func createUser(p person, s provisionSettings) map[string]any {
	want := desired(p, s)
	body := map[string]any{
		"schemas": []string{schemaUser, schemaEnterprise}, "externalId": want["externalId"], "userName": want["userName"],
		"active": want["active"] == "True", "displayName": want["displayName"], "roles": []any{},
		"meta": map[string]any{"resourceType": "User"},
	}
	if want["title"] != "" {
		body["title"] = want["title"]
	}
	if p.Mail != "" {
		body["emails"] = []any{map[string]any{"primary": true, "type": "work", "value": p.Mail}}
	}
	name, enterprise := map[string]any{}, map[string]any{}
	for path, value := range want {
		if value == "" {
			continue
		}
		if sub, ok := strings.CutPrefix(path, "name."); ok {
			name[sub] = value
		}
		if sub, ok := strings.CutPrefix(path, schemaEnterprise+":"); ok {
			enterprise[sub] = value
		}
	}
	if len(name) > 0 {
		body["name"] = name
	}
	if len(enterprise) > 0 {
		body[schemaEnterprise] = enterprise
	}
	return body
}

// createGroup is the body of POST /Groups: without members, which follow one by one.
func createGroup(g group) map[string]any {
	return map[string]any{
		"schemas": []string{schemaGroup, schemaADSCIM}, "externalId": g.ID, "displayName": g.Name,
		"meta": map[string]any{"resourceType": "Group"},
	}
}

// change is one attribute that the target has to get.
type change struct {
	op    string // Add, Replace or Remove
	path  string
	value string
}

// differences compares what the target says with what it should say, in the order of the mapping. A value that the source
// lost is replaced by "" when it was sent before; a value that only the target has is left alone.
func differences(target map[string]any, want, sent map[string]string) []change {
	var list []change
	for _, m := range userMappings {
		got, value := targetValue(target, m.path), want[m.path]
		switch {
		case value == got:
		case value == "" && sent[m.path] == "":
		case got == "":
			list = append(list, change{"Add", m.path, value})
		default:
			list = append(list, change{"Replace", m.path, value})
		}
	}
	return list
}

// targetValue reads one mapped attribute out of a resource; booleans read True and False.
func targetValue(resource map[string]any, path string) string {
	at := resource
	if sub, ok := strings.CutPrefix(path, schemaEnterprise+":"); ok {
		at, _ = resource[schemaEnterprise].(map[string]any)
		path = sub
	} else if path == pathWorkMail {
		emails, _ := resource["emails"].([]any)
		for _, e := range emails {
			if email, _ := e.(map[string]any); email["type"] == "work" {
				value, _ := email["value"].(string)
				return value
			}
		}
		return ""
	} else if before, after, ok := strings.Cut(path, "."); ok {
		at, _ = resource[before].(map[string]any)
		path = after
	}
	switch v := at[path].(type) {
	case string:
		return v
	case bool:
		if v {
			return "True"
		}
		return "False"
	}
	return ""
}

// patchUser is the body of PATCH /Users in one of the two dialects. By default every change is an operation with a
// capitalised op and text for booleans; with the flag the simple attributes share one operation without a path, whose keys
// are dotted, and valued paths still have one each.
func patchUser(changes []change, flagged bool) map[string]any {
	var simpleOps, valuedOps []any
	if !flagged {
		for _, c := range changes {
			valuedOps = append(valuedOps, map[string]any{"op": c.op, "path": c.path, "value": c.value})
		}
		return map[string]any{"schemas": []string{schemaPatch}, "Operations": valuedOps}
	}
	for _, op := range []string{"Replace", "Add"} {
		simple := map[string]any{}
		for _, c := range changes {
			switch {
			case c.op != op:
			case strings.Contains(c.path, "["):
				valuedOps = append(valuedOps, map[string]any{"op": strings.ToLower(op), "path": c.path, "value": c.value})
			case c.path == "active":
				simple["active"] = c.value == "True"
			default:
				simple[c.path] = c.value
			}
		}
		if len(simple) > 0 {
			simpleOps = append(simpleOps, map[string]any{"op": strings.ToLower(op), "value": simple})
		}
	}
	return map[string]any{"schemas": []string{schemaPatch}, "Operations": append(simpleOps, valuedOps...)}
}

// removeManager takes the manager away.
func removeManager(flagged bool) map[string]any {
	return onePatch(map[string]any{"op": opName("Remove", flagged), "path": pathManager})
}

// addMembers adds people to a group: one operation for all of them, with Entra's empty $ref.
func addMembers(scimIDs []string, flagged bool) map[string]any {
	return onePatch(map[string]any{"op": opName("Add", flagged), "path": "members", "value": memberValues(scimIDs)})
}

// removeMembers removes exactly these people: by a list of values, or with the flag by one valued path each.
func removeMembers(scimIDs []string, flagged bool) map[string]any {
	if !flagged {
		return onePatch(map[string]any{"op": "Remove", "path": "members", "value": memberValues(scimIDs)})
	}
	var ops []any
	for _, id := range scimIDs {
		ops = append(ops, map[string]any{"op": "remove", "path": `members[value eq "` + filterLiteral(id) + `"]`})
	}
	return map[string]any{"schemas": []string{schemaPatch}, "Operations": ops}
}

func memberValues(scimIDs []string) []any {
	var values []any
	for _, id := range scimIDs {
		values = append(values, map[string]any{"$ref": nil, "value": id})
	}
	return values
}

func onePatch(op map[string]any) map[string]any {
	return map[string]any{"schemas": []string{schemaPatch}, "Operations": []any{op}}
}

func opName(name string, flagged bool) string {
	if flagged {
		return strings.ToLower(name)
	}
	return name
}

// filterLiteral escapes a value for the inside of a filter's quotes, which are JSON's (RFC 7644 §3.4.2.2).
func filterLiteral(value string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value)
}
