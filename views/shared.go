package views

import "github.com/a-h/templ"

// What Pretend Azure shares with our pages beside Document: it is another site, with other words, and looks like one family.

// Icon draws one symbol of the sprite.
func Icon(symbol string) templ.Component { return icon(symbol) }

// StatePill is a word with a colour; nothing if text is empty.
func StatePill(text string, tone Tone) templ.Component { return pill(Pill{text, tone}) }

// Note is some sentences with an icon, inside a card or a panel; they are its children.
func Note(tone Tone, symbol string) templ.Component { return note(tone, symbol) }

// FieldError is what is wrong with the field of that id; nothing if text is empty.
func FieldError(id, text string) templ.Component { return fieldError(id, text) }

// FieldHint is what is to be known of the field of that id; nothing if text is empty.
func FieldHint(id, text string) templ.Component { return fieldHint(id, text) }

// DescribedBy lists the ids of a field's hint and error, of those that there are.
func DescribedBy(id, hint, err string) string { return describedBy(id, hint, err) }

// CopyRow is a read-only value with a copy button that works once the script runs.
func CopyRow(id, label, value, hint string) templ.Component { return copyRow(id, label, value, hint) }

// NavItem is an entry of a navigation.
func NavItem(current, item Nav, href, symbol, text string) templ.Component {
	return navItem(current, item, href, symbol, text)
}
