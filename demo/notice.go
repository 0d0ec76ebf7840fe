package demo

import (
	"net/http"
	"time"
)

// flashCookie carries the number of the one sentence that the page after a redirect shows.
const flashCookie = "azure_notice"

// maxNotices bounds the sentences that nobody came to read.
const maxNotices = 200

// notice is one sentence about what was just done.
type notice struct {
	ok   bool
	text string
}

func good(text string) notice { return notice{ok: true, text: text} }
func bad(text string) notice  { return notice{text: text} }

// redirect answers a form with 303 and keeps the sentence for the page that follows.
func (a *Azure) redirect(w http.ResponseWriter, r *http.Request, to string, n notice) {
	if n.text != "" {
		id := newGUID()
		a.mu.Lock()
		if len(a.flash) >= maxNotices {
			clear(a.flash)
		}
		a.flash[id] = n
		a.mu.Unlock()
		http.SetCookie(w, &http.Cookie{Name: flashCookie, Value: id, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, MaxAge: 60})
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// takeNotice returns the sentence for this page, once.
func (a *Azure) takeNotice(w http.ResponseWriter, r *http.Request) *notice {
	cookie, err := r.Cookie(flashCookie)
	if err != nil {
		return nil
	}
	http.SetCookie(w, &http.Cookie{Name: flashCookie, Path: "/", MaxAge: -1, Expires: time.Unix(1, 0)})
	a.mu.Lock()
	defer a.mu.Unlock()
	n, ok := a.flash[cookie.Value]
	if !ok {
		return nil
	}
	delete(a.flash, cookie.Value)
	return &n
}
