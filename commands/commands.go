// Package commands is the command line: what an operator types, wired to the models, the server and the demo.
//
// Every command takes --help; those that print data take --json. What a script reads goes to standard output, all else to standard error.
// Exit status: 0 done, 1 refused or failed (one line saying what and how to mend it), 2 wrong usage.
package commands

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"gatehouse/config"
	"gatehouse/models"
	"gatehouse/sso"
)

// Process is what a command gets from the operating system.
type Process struct {
	Args           []string // without the program's name
	Environ        []string
	Stdout, Stderr io.Writer
}

// command is one line of the table.
type command struct {
	name    string // "org create"
	usage   string // its arguments
	summary string
	data    bool // prints data, so it takes --json
	// flags declares the options and returns what to run once they are parsed.
	flags func(f *flags) func(ctx context.Context, p *Process) error
}

// commands are all commands in the order of the help.
func commands() []command {
	return []command{
		{"serve", "", "run the server (the default command)", false, serveCommand},
		{"demo", "[--port N] [--azure-port N]", "run everything on this machine, with a pretend Azure", false, demoCommand},
		{"migrate", "", "bring the database up to date and stop", false, migrateCommand},
		{"org create", "--name N --owner-email E --owner-password-file F", "make an organization with its owner; prints its id", true, orgCreateCommand},
		{"org list", "", "list organizations: id, name, members", true, orgListCommand},
		{"member add", "--org O --email E [--first-name F] [--last-name L] [--role R] [--password-file F]", "add a member; prints the id", true, memberAddCommand},
		{"domain add", "--org O --domain D [--verified]", "claim a domain; --verified vouches for it", true, domainAddCommand},
		{"sso set", "--org O --issuer U --sign-in-url U --certificate FILE… [--enable] [--require] [--idp-managed]", "set up single sign-on", false, ssoSetCommand},
		{"sso off", "--org O", "turn single sign-on off: the way out of a lock-out", false, ssoOffCommand},
		{"scim-token create", "--org O --name N [--expires 365d]", "make a SCIM token; prints it once", true, scimTokenCreateCommand},
		{"version", "", "print the version", true, versionCommand},
	}
}

// flags is a command's options: the standard ones, lists of files, and which are required.
type flags struct {
	*flag.FlagSet
	json     bool
	required []string
	lists    map[string]*[]string
}

// need declares a text option that must be given.
func (f *flags) need(name, usage string) *string {
	f.required = append(f.required, name)
	return f.String(name, "", usage)
}

// list declares an option that takes one or more values, or is repeated.
func (f *flags) list(name, usage string) *[]string {
	values := &[]string{}
	f.lists[name] = values
	f.required = append(f.required, name)
	f.Func(name, usage, func(v string) error {
		*values = append(*values, v)
		return nil
	})
	return values
}

// usageError is wrong usage: exit status 2.
type usageError struct{ message string }

func (e *usageError) Error() string { return e.message }

// Run runs one command and returns the exit status.
func Run(ctx context.Context, p Process) int {
	err := run(ctx, &p)
	var usage *usageError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &usage):
		fmt.Fprintln(p.Stderr, "gatehouse: "+usage.message)
		return 2
	}
	fmt.Fprintln(p.Stderr, "gatehouse: "+oneLine(explain(err)))
	return 1
}

func run(ctx context.Context, p *Process) error {
	name, args := "serve", p.Args
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		name, args = args[0], args[1:]
		if len(args) > 0 && !strings.HasPrefix(args[0], "-") && isGroup(name) {
			name, args = name+" "+args[0], args[1:]
		}
	} else if len(args) > 0 && (args[0] == "--help" || args[0] == "-h" || args[0] == "-help") {
		name, args = "help", nil
	}
	if name == "help" {
		printHelp(p.Stdout)
		return nil
	}
	for _, c := range commands() {
		if c.name == name {
			return c.run(ctx, p, args)
		}
	}
	if isGroup(name) {
		return groupHelp(p, name, args)
	}
	return &usageError{fmt.Sprintf("there is no command %q. Run “gatehouse --help” for the list.", name)}
}

// isGroup tells whether name is the first word of two-word commands.
func isGroup(name string) bool {
	for _, c := range commands() {
		if strings.HasPrefix(c.name, name+" ") {
			return true
		}
	}
	return false
}

// groupHelp answers "org --help" and "org" alone.
func groupHelp(p *Process, name string, args []string) error {
	var list []string
	for _, c := range commands() {
		if strings.HasPrefix(c.name, name+" ") {
			list = append(list, c.name)
		}
	}
	if len(args) > 0 && strings.Contains(args[0], "help") || len(args) > 0 && args[0] == "-h" {
		for _, c := range commands() {
			if strings.HasPrefix(c.name, name+" ") {
				fmt.Fprintf(p.Stdout, "gatehouse %s %s\n    %s\n", c.name, c.usage, c.summary)
			}
		}
		return nil
	}
	return &usageError{fmt.Sprintf("%q needs a second word: %s.", name, strings.Join(list, ", "))}
}

func (c command) run(ctx context.Context, p *Process, args []string) error {
	f := &flags{FlagSet: flag.NewFlagSet(c.name, flag.ContinueOnError), lists: map[string]*[]string{}}
	f.SetOutput(io.Discard)
	if c.data {
		f.BoolVar(&f.json, "json", false, "print JSON")
	}
	do := c.flags(f)
	err := f.Parse(spreadLists(f, args))
	if errors.Is(err, flag.ErrHelp) {
		c.help(p.Stdout, f)
		return nil
	}
	if err != nil {
		return &usageError{fmt.Sprintf("%s: %v. Run “gatehouse %s --help”.", c.name, err, c.name)}
	}
	if f.NArg() > 0 {
		return &usageError{fmt.Sprintf("%s does not take %q. Run “gatehouse %s --help”.", c.name, f.Arg(0), c.name)}
	}
	var missing []string
	for _, name := range f.required {
		if f.Lookup(name).Value.String() == "" && (f.lists[name] == nil || len(*f.lists[name]) == 0) {
			missing = append(missing, "--"+name)
		}
	}
	if len(missing) > 0 {
		return &usageError{fmt.Sprintf("%s needs %s. Run “gatehouse %s --help”.", c.name, strings.Join(missing, ", "), c.name)}
	}
	return do(ctx, p)
}

// spreadLists repeats a list option before each of its values, so that "--certificate a.cer b.cer" is taken as it is meant.
func spreadLists(f *flags, args []string) []string {
	var out []string
	list := ""
	for _, a := range args {
		switch {
		case strings.HasPrefix(a, "-"):
			list = ""
			if name := strings.TrimLeft(a, "-"); f.lists[name] != nil {
				list = a
				continue
			}
			out = append(out, a)
		case list != "":
			out = append(out, list, a)
		default:
			out = append(out, a)
		}
	}
	return out
}

func (c command) help(w io.Writer, f *flags) {
	fmt.Fprintf(w, "gatehouse %s %s\n\n%s.\n", c.name, c.usage, strings.ToUpper(c.summary[:1])+c.summary[1:])
	first := true
	f.VisitAll(func(o *flag.Flag) {
		if first {
			fmt.Fprintln(w)
			first = false
		}
		fmt.Fprintf(w, "  --%-22s %s\n", o.Name, o.Usage)
	})
}

func printHelp(w io.Writer) {
	fmt.Fprint(w, "Gatehouse: single sign-on and provisioning with Microsoft Entra ID.\n\nUsage: gatehouse [command]\n\n")
	for _, c := range commands() {
		fmt.Fprintf(w, "  %-18s %s\n", c.name, c.summary)
	}
	fmt.Fprint(w, "\nEvery command takes --help. The environment:\n\n")
	for _, o := range config.Options() {
		fmt.Fprintf(w, "  %-16s %s\n", o.Name, o.Meaning)
	}
}

// explain is an error as the operator should read it: the sentence for people where there is one.
func explain(err error) string {
	var m *models.Error
	if errors.As(err, &m) {
		return m.Message
	}
	var s *sso.Error
	if errors.As(err, &s) {
		return s.Admin()
	}
	return err.Error()
}

// oneLine puts what an error says on several lines onto one; the parts of a list are parted by semicolons.
func oneLine(s string) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		part := strings.Join(strings.Fields(line), " ")
		switch before := b.String(); {
		case part == "":
			continue
		case strings.HasSuffix(before, ":"):
			b.WriteString(" ")
		case before != "":
			b.WriteString("; ")
		}
		b.WriteString(part)
	}
	return b.String()
}

// print writes a command's data: one line of text, or the JSON of v.
func (f *flags) print(p *Process, text string, v any) error {
	if !f.json {
		_, err := fmt.Fprintln(p.Stdout, text)
		return err
	}
	e := json.NewEncoder(p.Stdout)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}
