package handlers

import (
	"encoding/csv"
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"gatehouse/models"
)

const exportPage = 500 // events read at a time, so that the whole log never is in memory

// exportedEvent is one line of the NDJSON export.
type exportedEvent struct {
	ID       string          `json:"id"`
	At       time.Time       `json:"at"`
	Action   string          `json:"action"`
	Sentence string          `json:"sentence"`
	Actor    exportedParty   `json:"actor"`
	IP       string          `json:"ip,omitempty"`
	Target   exportedParty   `json:"target"`
	Before   json.RawMessage `json:"before,omitempty"`
	After    json.RawMessage `json:"after,omitempty"`
}

type exportedParty struct {
	Kind  string `json:"kind"`
	ID    string `json:"id,omitempty"`
	Label string `json:"label,omitempty"`
}

var exportHeader = []string{"id", "at", "action", "sentence", "actor_kind", "actor_id", "actor", "ip", "target_kind", "target_id", "target", "before", "after"}

// exportAuditLog sends exactly the events that the filter keeps, newest first, a page at a time.
func (s *Server) exportAuditLog(c echo.Context) error {
	q, ok := readAuditQuery(c)
	if !ok {
		return &models.Error{Kind: models.Invalid, Message: "The dates of the filter cannot be read. Go back to the audit log and choose them again."}
	}
	format := c.QueryParam("format")
	var contentType string
	switch format {
	case "csv":
		contentType = "text/csv; charset=utf-8"
	case "ndjson":
		contentType = "application/x-ndjson"
	default:
		return &models.Error{Kind: models.Invalid, Message: "The log is exported as csv or ndjson. Use one of the two buttons of the audit log."}
	}
	f := q.filter
	f.Limit = exportPage
	// The first page is read before anything is sent: what goes wrong until then is still an error page.
	events, err := s.db.AuditEvents(c.Request().Context(), orgID(c), f)
	if err != nil {
		return err
	}
	header := c.Response().Header()
	header.Set(echo.HeaderContentType, contentType)
	header.Set(echo.HeaderContentDisposition, `attachment; filename="audit-log-`+s.db.Now().Format("2006-01-02")+"."+format+`"`)
	c.Response().WriteHeader(http.StatusOK)
	write := ndjsonWriter(c)
	if format == "csv" {
		if write, err = csvWriter(c); err != nil {
			return err
		}
	}
	for len(events) > 0 {
		if err := write(events); err != nil {
			return err
		}
		c.Response().Flush()
		if len(events) < exportPage {
			return nil
		}
		f.After = events[len(events)-1].ID
		if events, err = s.db.AuditEvents(c.Request().Context(), orgID(c), f); err != nil {
			return err
		}
	}
	return nil
}

func ndjsonWriter(c echo.Context) func([]models.AuditEvent) error {
	encoder := json.NewEncoder(c.Response())
	encoder.SetEscapeHTML(false)
	return func(events []models.AuditEvent) error {
		for i := range events {
			e := &events[i]
			line := exportedEvent{
				ID: e.ID, At: e.At.UTC(), Action: e.Action, Sentence: sayEvent(e).sentence, IP: e.ActorIP,
				Actor:  exportedParty{string(e.ActorKind), e.ActorID, e.ActorLabel},
				Target: exportedParty{e.TargetKind, e.TargetID, e.TargetLabel},
			}
			if e.Before != "" {
				line.Before = json.RawMessage(e.Before)
			}
			if e.After != "" {
				line.After = json.RawMessage(e.After)
			}
			if err := encoder.Encode(line); err != nil {
				return err
			}
		}
		return nil
	}
}

func csvWriter(c echo.Context) (func([]models.AuditEvent) error, error) {
	w := csv.NewWriter(c.Response())
	w.UseCRLF = true // RFC 4180 §2.1
	if err := w.Write(exportHeader); err != nil {
		return nil, err
	}
	w.Flush()
	return func(events []models.AuditEvent) error {
		for i := range events {
			e := &events[i]
			row := []string{
				e.ID, e.At.UTC().Format(time.RFC3339Nano), e.Action, sayEvent(e).sentence, string(e.ActorKind), e.ActorID, e.ActorLabel, e.ActorIP,
				e.TargetKind, e.TargetID, e.TargetLabel, e.Before, e.After,
			}
			for k := range row {
				row[k] = withoutFormula(row[k])
			}
			if err := w.Write(row); err != nil {
				return err
			}
		}
		w.Flush()
		return w.Error()
	}, w.Error()
}

// formulaStart is what begins a formula in some spreadsheet: the four signs or their full-width forms, at the beginning of a cell or behind
// what another program or country separates cells by, with spaces before it that are seen or not.
var formulaStart = regexp.MustCompile(`(^|[;\t\r\n])([\pZ\p{Cf}]*[=+\-@\x{FF1D}\x{FF0B}\x{FF0D}\x{FF20}])`)

// withoutFormula keeps a spreadsheet from running a cell: names come from outside, and one that begins with = would be a formula. The
// apostrophe in front makes it text.
func withoutFormula(cell string) string {
	if cell != "" && strings.ContainsRune("\t\r\n", rune(cell[0])) {
		cell = "'" + cell
	}
	return formulaStart.ReplaceAllString(cell, "$1'$2")
}
