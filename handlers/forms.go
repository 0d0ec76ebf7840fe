package handlers

import (
	"net/http"
	"slices"
	"strings"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"gatehouse/models"
	"gatehouse/views"
)

// formProblems are the sentences that go beside the fields of a form which comes back, by the field's name.
type formProblems struct {
	sentences map[string]string
	status    int
}

// say puts a sentence beside a field; the first one of a field stays.
func (f *formProblems) say(field, sentence string) {
	if f.sentences == nil {
		f.sentences = map[string]string{}
	}
	if f.sentences[field] == "" {
		f.sentences[field] = sentence
	}
	f.status = max(f.status, http.StatusUnprocessableEntity)
}

// note keeps a refusal beside field, or beside the field the refusal names if that is one of others. nil is no refusal. It returns errors
// that a form cannot show: outages, and things that are gone.
func (f *formProblems) note(err error, field string, others ...string) error {
	if err == nil {
		return nil
	}
	named, sentence, ok := refusal(err)
	if !ok {
		return err
	}
	if slices.Contains(others, named) {
		field = named
	}
	f.say(field, sentence)
	if status := formStatus(err); status != http.StatusUnprocessableEntity {
		f.status = status
	}
	return nil
}

func (f *formProblems) any() bool { return len(f.sentences) > 0 }

// field is a form value as it was posted, with its sentence.
func (f *formProblems) field(c echo.Context, name string) views.Field {
	return views.Field{Value: c.FormValue(name), Error: f.sentences[name]}
}

// secret is a field whose value is never sent back.
func (f *formProblems) secret(name string) views.Field { return views.Field{Error: f.sentences[name]} }

// render answers with the form that comes back.
func (f *formProblems) render(c echo.Context, page templ.Component) error {
	retryAfter(c, f.status)
	return render(c, f.status, page)
}

// formStatus is the status of a form that comes back: 422, but 429 for too many attempts and 403 for what this person may not do.
func formStatus(err error) int {
	e, ok := asModelError(err)
	switch {
	case ok && e.Kind == models.TooMany:
		return http.StatusTooManyRequests
	case ok && e.Kind == models.Forbidden:
		return http.StatusForbidden
	}
	return http.StatusUnprocessableEntity
}

// fullName is what first and last name make.
func fullName(first, last string) string {
	return strings.TrimSpace(strings.TrimSpace(first) + " " + strings.TrimSpace(last))
}

// deadLink is the page behind a link that was used, is too old, or was replaced: what happened and the next step. Other errors pass.
func deadLink(c echo.Context, err error, advice string, next views.Link) error {
	if !models.IsKind(err, models.NotFound) {
		return err
	}
	return render(c, http.StatusGone, views.Message(views.MessagePage{
		Status: http.StatusGone, Title: "This link does not work any more",
		Sentence: "It was used already, has expired, or was replaced by a newer one. " + advice, Action: next,
	}))
}
