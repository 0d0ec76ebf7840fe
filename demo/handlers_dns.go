package demo

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

func (a *Azure) showDNS(w http.ResponseWriter, r *http.Request) {
	a.renderDNS(w, r, http.StatusOK, r.URL.Query().Get("zone"), dnsPage{Name: field{Value: "@"}, Mistake: mistakeNone})
}

// renderDNS shows one zone; p holds what was typed and why it was refused.
func (a *Azure) renderDNS(w http.ResponseWriter, r *http.Request, status int, domain string, p dnsPage) {
	p.Frame = a.frame(w, r, "dns")
	a.mu.Lock()
	n := a.zones.clone()
	a.mu.Unlock()
	z := n.zone(domain)
	if z == nil && len(n.zones) > 0 {
		z = &n.zones[0]
	}
	p.Silent = n.silent
	for _, other := range n.zones {
		p.Zones = append(p.Zones, strings.TrimSuffix(other.name, "."))
	}
	if z != nil {
		p.Zone = strings.TrimSuffix(z.name, ".")
		for _, rec := range z.records {
			p.Records = append(p.Records, recordRow{ID: rec.ID, Name: strings.TrimSuffix(rec.Name, "."), Type: rec.Type, Value: rec.Value, TTL: ttl(rec.TTL)})
		}
		p.Records = append(p.Records,
			recordRow{Name: p.Zone, Type: "NS", Value: "ns1." + p.Zone, TTL: ttl(3600)},
			recordRow{Name: p.Zone, Type: "SOA", Value: fmt.Sprintf("ns1.%s hostmaster.%s %d", p.Zone, p.Zone, n.serial), TTL: ttl(negativeTTL)})
	}
	for _, q := range n.questions {
		p.Questions = append(p.Questions, questionRow{When: clock(q.at), What: q.kind + " " + q.name, Answer: q.answer})
	}
	a.render(w, r, status, dnsView(p))
}

func zoneURL(domain string) string { return "/dns?zone=" + url.QueryEscape(domain) }

func ttl(seconds uint32) string {
	if seconds >= 3600 && seconds%3600 == 0 {
		return fmt.Sprintf("%d h", seconds/3600)
	}
	return fmt.Sprintf("%d s", seconds)
}

func (a *Azure) publishRecord(w http.ResponseWriter, r *http.Request) {
	domain, name, value, mistake := formValue(r, "zone"), formValue(r, "name"), formValue(r, "value"), formValue(r, "mistake")
	a.mu.Lock()
	said, err := a.zones.publishWith(domain, name, value, mistake)
	a.mu.Unlock()
	if err != nil {
		p := dnsPage{Name: field{Value: name}, Value: field{value, sentence(err)}, Mistake: mistake}
		a.renderDNS(w, r, http.StatusUnprocessableEntity, domain, p)
		return
	}
	a.redirect(w, r, zoneURL(domain), good(said))
}

// publishWith publishes a TXT record as it is, or makes a usual mistake instead, and says what it did.
func (n *nameServer) publishWith(domain, name, value, mistake string) (string, error) {
	switch mistake {
	case mistakeDoubled:
		if name == "@" || name == "" {
			name = domain
		} else {
			name += "." + domain
		}
		return "Published at " + name + "." + domain + ", as panels do that append the domain.", n.publish(domain, name, "TXT", value)
	case mistakeQuotes:
		return "Published with quotes in the value.", n.publish(domain, name, "TXT", `"`+value+`"`)
	case mistakeToken:
		return "Published with another token.", n.publish(domain, name, "TXT", verifyPrefix+anotherToken)
	case mistakeCNAME:
		if err := n.publish(domain, name, "TXT", value); err != nil {
			return "", err
		}
		return "Published, and hidden by a CNAME. Remove the CNAME to mend it.", n.publish(domain, name, "CNAME", elsewhereTarget)
	case mistakeNoZone:
		z := n.zone(domain)
		if z == nil {
			return "", fmt.Errorf("%s is no longer here", domain)
		}
		for i := range n.zones {
			if &n.zones[i] == z {
				n.zones = append(n.zones[:i:i], n.zones[i+1:]...)
				break
			}
		}
		return domain + " does not exist any more. Another domain, below, brings it back.", nil
	case mistakeSilent:
		n.silent = true
		return "The name server keeps silent from now on.", n.publish(domain, name, "TXT", value)
	}
	return "Record published. Gatehouse sees it at its next look, or at once with Check now.", n.publish(domain, name, "TXT", value)
}

func (a *Azure) removeRecord(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	removed, ok := a.zones.remove(formValue(r, "id"))
	a.mu.Unlock()
	if !ok {
		a.redirect(w, r, zoneURL(formValue(r, "zone")), bad("That record is no longer here."))
		return
	}
	a.redirect(w, r, zoneURL(formValue(r, "zone")), good(removed.Type+" record at "+strings.TrimSuffix(removed.Name, ".")+" removed."))
}

func (a *Azure) addZone(w http.ResponseWriter, r *http.Request) {
	domain := strings.ToLower(formValue(r, "domain"))
	a.mu.Lock()
	err := a.zones.addZone(domain)
	a.mu.Unlock()
	if err != nil {
		a.renderDNS(w, r, http.StatusUnprocessableEntity, "", dnsPage{Name: field{Value: "@"}, Mistake: mistakeNone, NewZone: field{domain, sentence(err)}})
		return
	}
	a.redirect(w, r, zoneURL(domain), good(domain+" is here now, with the records a registrar makes."))
}

func (a *Azure) answerAgain(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	a.zones.silent = false
	a.mu.Unlock()
	a.redirect(w, r, zoneURL(formValue(r, "zone")), good("The name server answers again."))
}
