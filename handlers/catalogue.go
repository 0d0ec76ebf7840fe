package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"gatehouse/models"
	"gatehouse/sso"
	"gatehouse/views"
)

// cataloguePage shows everything that can go wrong with single sign-on, with who changes what: what docs/errors.md says, where admins are.
func (s *Server) cataloguePage(c echo.Context) error {
	shell, err := s.shell(c, views.NavAccessSecurity)
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, views.Catalogue(views.CataloguePage{Shell: shell, Chapters: catalogueChapters()}))
}

func catalogueChapters() []views.CatalogueChapter {
	entries := sso.Entries()
	person := views.CatalogueChapter{ID: "person", Title: "The person or the request is refused", About: "The response is right, but nobody may come in by it."}
	for _, r := range models.Refusals() {
		person.Entries = append(person.Entries, catalogueEntry(string(r.Reason), sso.Entry{Side: sso.Side(sideOf(r.FixAt)), Employee: r.Employee, Admin: r.Admin, FixAt: r.FixAt}))
	}
	microsoft := views.CatalogueChapter{
		ID: "microsoft-pages", Title: "A page at Microsoft", About: "These end at Microsoft, and we never hear of them. The test sign-in takes the text of such a page and explains it.",
	}
	for _, m := range sso.MicrosoftErrors() {
		e := catalogueEntry("AADSTS"+m.Code, sso.Entry{Side: m.Side, Employee: m.Employee, Admin: m.Admin, FixAt: m.FixAt})
		e.Title = m.Reason
		microsoft.Entries = append(microsoft.Entries, e)
	}
	return []views.CatalogueChapter{
		catalogueChapter("response", sso.ChapterResponse, "The response of the identity provider is checked in this order. Nobody is signed in.", entries),
		person,
		microsoft,
		catalogueChapter("file", sso.ChapterUpload, "What is uploaded on the page of the connection; nothing is saved.", entries),
		catalogueChapter("address", sso.ChapterAddress, "What is typed into Issuer URL and Identity Provider Sign-in URL; nothing is saved.", entries),
	}
}

func catalogueChapter(id, chapter, about string, entries map[string][]sso.Entry) views.CatalogueChapter {
	v := views.CatalogueChapter{ID: id, Title: chapter, About: about}
	for _, e := range entries[chapter] {
		if chapter != sso.ChapterResponse {
			e.Employee = "" // an admin is at work, and nobody signs in
		}
		v.Entries = append(v.Entries, catalogueEntry(string(e.Reason), e))
	}
	return v
}

func catalogueEntry(reason string, e sso.Entry) views.CatalogueEntry {
	v := views.CatalogueEntry{Reason: reason, Title: firstSentence(e.Admin), Person: e.Employee}
	for _, said := range append([]sso.Entry{e}, e.Also...) {
		v.Problems = append(v.Problems, views.TraceProblem{Sentence: said.Admin, Who: sideWords(string(said.Side)), Where: said.FixAt})
	}
	return v
}
