package domains

import "strings"

// DNSHost is the company whose name servers answer for a domain, and how its panel words the adding of a record.
type DNSHost struct {
	Name      string // Cloudflare; empty if not recognised
	Where     string // DNS → Records → Add record
	NameField string // what its panel wants in the name field for the domain itself: @, or empty for "leave it empty"
	Hint      string // something that goes wrong at this one, in a sentence; often empty
}

// HostOf recognises a DNS host by the names of the name servers. The zero DNSHost means that it is none we know.
func HostOf(nameservers []string) DNSHost {
	for _, server := range nameservers {
		server = "." + strings.ToLower(strings.TrimSuffix(server, "."))
		for _, known := range knownHosts() {
			for _, mark := range known.marks {
				if strings.Contains(server, mark) {
					return known.host
				}
			}
		}
	}
	return DNSHost{}
}

type knownHost struct {
	marks []string // parts of a name server's name, which is written with a dot in front
	host  DNSHost
}

// knownHosts holds no panel path that was not documented by its company; where panels change often, the shortest stable
// wording is given.
func knownHosts() []knownHost {
	const quotes = "Put the value in double quotes there."
	return []knownHost{
		{[]string{".ns.cloudflare.com", ".secondary.cloudflare.com"}, DNSHost{"Cloudflare", "DNS → Records → Add record", "@", ""}},
		{[]string{".awsdns-"}, DNSHost{"Amazon Route 53", "Hosted zones → your domain → Create record", "", quotes}},
		{[]string{".azure-dns."}, DNSHost{"Azure DNS", "DNS zones → your domain → Record sets → Add", "@", ""}},
		{[]string{".domaincontrol.com"}, DNSHost{"GoDaddy", "Domain Portfolio → your domain → DNS → Add New Record", "@", ""}},
		{[]string{".ns-cloud-", ".googledomains.com"}, DNSHost{"Google Cloud DNS", "Cloud DNS → your zone → Add standard", "", quotes}},
		{[]string{".bdm.microsoftonline.com"}, DNSHost{"Microsoft 365", "admin centre → Settings → Domains → your domain → DNS records → Add record", "@", ""}},
		{[]string{".registrar-servers.com"}, DNSHost{"Namecheap", "Domain List → Manage → Advanced DNS → Add New Record", "@", ""}},
		{[]string{".ui-dns."}, DNSHost{"IONOS", "Domains & SSL → your domain → DNS → Add record", "@", ""}},
		{[]string{".gandi.net"}, DNSHost{"Gandi", "Domains → your domain → DNS Records → Add", "@", ""}},
		{[]string{".ovh.net", ".ovh.ca", ".anycast.me"}, DNSHost{"OVHcloud", "Domain names → your domain → DNS zone → Add an entry", "", ""}},
		{[]string{".ns.hetzner.", ".your-server.de", ".first-ns.de"}, DNSHost{"Hetzner", "DNS → your zone → Add record", "@", ""}},
		{[]string{".digitalocean.com"}, DNSHost{"DigitalOcean", "Networking → Domains → your domain → TXT", "@", ""}},
		{[]string{".dnsimple.com", ".dnsimple-edge."}, DNSHost{"DNSimple", "your domain → DNS → Manage records → Add", "", ""}},
		{[]string{".nsone.net"}, DNSHost{"NS1", "Zones → your zone → Add record", "", ""}},
		{[]string{".vercel-dns.com"}, DNSHost{"Vercel", "Domains → your domain → DNS Records", "@", ""}},
		{[]string{".wixdns.net"}, DNSHost{"Wix", "Domains → Manage DNS Records → TXT", "", ""}},
		{[]string{".squarespacedns.com"}, DNSHost{"Squarespace", "Domains → your domain → DNS Settings → Custom records", "@", ""}},
		{[]string{".linode.com"}, DNSHost{"Akamai (Linode)", "Domains → your domain → Add a TXT Record", "", ""}},
		{[]string{".worldnic.com"}, DNSHost{"Network Solutions", "your domain → Advanced DNS → Manage → TXT", "@", ""}},
		{[]string{".name-services.com"}, DNSHost{"Enom", "your domain → Host Records", "@", ""}},
		{[]string{".rzone.de"}, DNSHost{"STRATO", "Domains → your domain → DNS → TXT and CNAME records", "", ""}},
		{[]string{".kasserver.com"}, DNSHost{"ALL-INKL", "Tools → DNS settings → your domain", "", ""}},
		{[]string{".transip.net", ".transip.nl", ".transip.eu"}, DNSHost{"TransIP", "your domain → DNS", "@", ""}},
		{[]string{".infomaniak.ch"}, DNSHost{"Infomaniak", "Domains → your domain → DNS zone → Add a record", "", ""}},
		{[]string{".akam.net"}, DNSHost{"Akamai Edge DNS", "Edge DNS → your zone → Records", "", quotes}},
	}
}
