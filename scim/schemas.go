package scim

// UserType and GroupType are the resource types served. The tables are read only.
var (
	UserType = &ResourceType{
		Name: "User", Endpoint: "/Users", Description: "People of the organization",
		Schema: userSchema, Extensions: []*Schema{enterpriseSchema},
	}
	GroupType = &ResourceType{
		Name: "Group", Endpoint: "/Groups", Description: "Teams of the organization", Schema: groupSchema,
	}
)

// text is a singular string attribute.
func text(name, description string) *Attribute {
	return &Attribute{Name: name, Type: String, Description: description}
}

// plural is a multi-valued complex attribute with the default sub-attributes of RFC 7643 §2.4. valueType is the type of
// "value"; types are the canonical values of "type", none for attributes whose types are free.
func plural(name, description string, valueType Type, types ...string) *Attribute {
	value := &Attribute{Name: "value", Type: valueType, Description: "The value itself"}
	if valueType == Reference {
		value.ReferenceTypes = []string{"external"}
	}
	return &Attribute{Name: name, Type: Complex, MultiValued: true, Description: description, SubAttributes: []*Attribute{
		value,
		text("display", "A name of the value for people"),
		{Name: "type", Type: String, Description: "What the value is used for", CanonicalValues: types},
		{Name: "primary", Type: Boolean, Description: "The preferred value; true at most once"},
	}}
}

var idAttribute = &Attribute{
	Name: "id", Type: String, CaseExact: true, Mutability: "readOnly", Returned: "always", Uniqueness: "server",
	Description: "Given by Gatehouse; never changes",
}

var externalIDAttribute = &Attribute{
	Name: "externalId", Type: String, CaseExact: true, Description: "The identifier of the provisioning client",
}

// password is left out on purpose: it is taken like any unknown attribute and not kept, because people who are
// provisioned sign in with single sign-on, and clients expect to read back whatever the schema lists.
var userSchema = &Schema{
	URN: UserURN, Name: "User", Description: "A person of the organization",
	Attributes: []*Attribute{
		idAttribute,
		externalIDAttribute,
		{Name: "userName", Type: String, Required: true, Uniqueness: "server", Description: "The name the directory signs the person in with, usually the e-mail address"},
		{Name: "name", Type: Complex, Description: "The parts of the person's name", SubAttributes: []*Attribute{
			text("formatted", "The whole name"),
			text("familyName", "The last name"),
			text("givenName", "The first name"),
			text("middleName", "The middle names"),
			text("honorificPrefix", "A title before the name"),
			text("honorificSuffix", "A suffix behind the name"),
		}},
		text("displayName", "The name shown to others"),
		text("nickName", "A casual name"),
		{Name: "profileUrl", Type: Reference, ReferenceTypes: []string{"external"}, Description: "A page about the person"},
		text("title", "The person's title, such as Vice President"),
		text("userType", "The relation to the organization, such as Employee"),
		text("preferredLanguage", "The preferred language"),
		text("locale", "The locale for dates, numbers and currency"),
		text("timezone", "The time zone"),
		{Name: "active", Type: Boolean, Description: "Whether the person may sign in"},
		plural("emails", "E-mail addresses", String, "work", "home", "other"),
		plural("phoneNumbers", "Phone numbers", String, "work", "home", "mobile", "fax", "pager", "other"),
		plural("ims", "Instant messaging addresses", String, "aim", "gtalk", "icq", "xmpp", "msn", "skype", "qq", "yahoo"),
		plural("photos", "Addresses of pictures", Reference, "photo", "thumbnail"),
		{Name: "addresses", Type: Complex, MultiValued: true, Description: "Postal addresses", SubAttributes: []*Attribute{
			text("formatted", "The whole address"),
			text("streetAddress", "Street and number"),
			text("locality", "City"),
			text("region", "State or region"),
			text("postalCode", "Postal code"),
			text("country", "Country"),
			{Name: "type", Type: String, Description: "What the address is used for", CanonicalValues: []string{"work", "home", "other"}},
			{Name: "primary", Type: Boolean, Description: "The preferred address; true at most once"},
		}},
		{Name: "groups", Type: Complex, MultiValued: true, Mutability: "readOnly", Description: "The groups the person belongs to", SubAttributes: []*Attribute{
			{Name: "value", Type: String, CaseExact: true, Mutability: "readOnly", Description: "The id of the group"},
			{Name: "$ref", Type: Reference, CaseExact: true, Mutability: "readOnly", ReferenceTypes: []string{"Group"}, Description: "The address of the group"},
			{Name: "display", Type: String, Mutability: "readOnly", Description: "The name of the group"},
			{Name: "type", Type: String, Mutability: "readOnly", Description: "How the person belongs to it", CanonicalValues: []string{"direct"}},
		}},
		plural("entitlements", "What the person is entitled to", String),
		plural("roles", "Roles in the directory; they give no role in Gatehouse", String),
		plural("x509Certificates", "Certificates of the person", Binary),
	},
}

var enterpriseSchema = &Schema{
	URN: EnterpriseUserURN, Name: "EnterpriseUser", Description: "The person's place in the company",
	Attributes: []*Attribute{
		text("employeeNumber", "The employee number"),
		text("costCenter", "The cost center"),
		text("organization", "The organization"),
		text("division", "The division"),
		text("department", "The department"),
		{Name: "manager", Type: Complex, Description: "The person's manager", SubAttributes: []*Attribute{
			{Name: "value", Type: String, CaseExact: true, Description: "The id of the manager, kept as sent"},
			{Name: "$ref", Type: Reference, CaseExact: true, ReferenceTypes: []string{"User"}, Description: "The address of the manager"},
			text("displayName", "The name of the manager"),
		}},
	},
}

var groupSchema = &Schema{
	URN: GroupURN, Name: "Group", Description: "A team of the organization",
	Attributes: []*Attribute{
		idAttribute,
		externalIDAttribute,
		{Name: "displayName", Type: String, Required: true, Uniqueness: "server", Description: "The name of the group, unique among groups"},
		{Name: "members", Type: Complex, MultiValued: true, Description: "The people in the group", apart: true, SubAttributes: []*Attribute{
			{Name: "value", Type: String, CaseExact: true, Mutability: "immutable", Description: "The id of the person"},
			{Name: "$ref", Type: Reference, CaseExact: true, Mutability: "immutable", ReferenceTypes: []string{"User"}, Description: "The address of the person"},
			{Name: "display", Type: String, Mutability: "readOnly", Description: "The name of the person"},
			{Name: "type", Type: String, Mutability: "immutable", Description: "The kind of member", CanonicalValues: []string{"User"}},
		}},
	},
}
