package interop

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// provider is a running identity provider. Its key and its signing mode are files that it reads at each sign-in.
type provider struct {
	t          *testing.T
	dir, url   string
	signInPath string
}

// The three ways to sign a response.
var modes = []string{"assertion", "response", "both"}

// kinds are the identity providers: how each is started once its directory is there.
var kinds = []struct {
	name, domain, signInPath string
	start                    func(t *testing.T, p *provider, entityID string)
}{
	{"SimpleSAMLphp", "php.example", "/saml2/idp/SSOService.php", startSimpleSAMLphp},
	{"pysaml2", "python.example", "/sso", startPysaml2},
	{"samlify", "node.example", "/sso", startSamlify},
}

func (p *provider) issuer() string    { return p.url + "/idp" }
func (p *provider) signInURL() string { return p.url + p.signInPath }

func (p *provider) env(entityID string) []string {
	return append(os.Environ(), "IDP_URL="+p.url, "IDP_DIR="+p.dir, "SP_ENTITY_ID="+entityID)
}

func (p *provider) write(name, content string) {
	p.t.Helper()
	if err := os.WriteFile(filepath.Join(p.dir, name), []byte(content), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

// newKey makes a signing key with its certificate, uses it from now on and returns the certificate's file.
func (p *provider) newKey(name string) string {
	p.t.Helper()
	file := p.makeKey(name)
	p.useKey(name)
	return file
}

// makeKey makes a signing key with its certificate and returns the certificate's file.
func (p *provider) makeKey(name string) string {
	p.t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		p.t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(3, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		p.t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		p.t.Fatal(err)
	}
	p.write(name+".key", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})))
	p.write(name+".cer", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	return filepath.Join(p.dir, name+".cer")
}

// useKey signs with a key made before.
func (p *provider) useKey(name string) {
	p.t.Helper()
	for from, to := range map[string]string{name + ".key": "key.pem", name + ".cer": "cert.pem"} {
		content, err := os.ReadFile(filepath.Join(p.dir, from))
		if err != nil {
			p.t.Fatal(err)
		}
		p.write(to, string(content))
	}
}

func newProvider(t *testing.T, signInPath string) *provider {
	t.Helper()
	p := &provider{t: t, dir: t.TempDir(), url: fmt.Sprintf("http://127.0.0.1:%d", freePort(t)), signInPath: signInPath}
	p.write("mode", "assertion")
	return p
}

func testdata(t *testing.T, path string) string {
	t.Helper()
	absolute, err := filepath.Abs(filepath.Join("testdata", path))
	if err != nil {
		t.Fatal(err)
	}
	return absolute
}

func startSimpleSAMLphp(t *testing.T, p *provider, entityID string) {
	const www = "/usr/share/simplesamlphp/www"
	php, err := exec.LookPath("php")
	if err != nil {
		t.Fatal("PHP is not installed: run `make test`, which installs it, or `apt-get install simplesamlphp php-cli php-xml`")
	}
	if _, err := os.Stat(www); err != nil {
		t.Fatal("SimpleSAMLphp is not installed: run `make test`, which installs it, or `apt-get install simplesamlphp`")
	}
	env := append(p.env(entityID), "SIMPLESAMLPHP_CONFIG_DIR="+testdata(t, "simplesamlphp"))
	start(t, env, p.url+"/saml2/idp/metadata.php", php, "-d", "error_reporting=0", "-S", p.url[len("http://"):], "-t", www)
}

func startPysaml2(t *testing.T, p *provider, entityID string) {
	for _, python := range []string{"/usr/bin/python3", "python3"} {
		if exec.Command(python, "-c", "import saml2").Run() == nil {
			start(t, p.env(entityID), p.url+"/", python, testdata(t, "pysaml2/idp.py"))
			return
		}
	}
	t.Fatal("pysaml2 is not installed: run `make test`, which installs it, or `apt-get install python3-pysaml2 xmlsec1`")
}

func startSamlify(t *testing.T, p *provider, entityID string) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Fatal("Node is not installed: run `make test`, which installs it, or `apt-get install nodejs npm`")
	}
	if _, err := os.Stat("testdata/samlify/node_modules/samlify"); err != nil {
		t.Fatal("samlify is not installed: run `make test`, which installs it, or `npm ci` in interop/testdata/samlify")
	}
	start(t, p.env(entityID), p.url+"/", node, testdata(t, "samlify/idp.js"))
}
