package domains

// onMicrosoft returns the domains that Microsoft gives to tenants. Entra signs people in with them, so admins try.
func onMicrosoft() []string {
	return []string{"onmicrosoft.com", "onmicrosoft.us", "onmicrosoft.de", "partner.onmschina.cn", "microsoftonline.com"}
}

// mailProviders returns domains at which anybody can have an address. Claiming one would let an identity provider
// speak for strangers. The DNS check alone would refuse them too; this one says why, at once.
func mailProviders() []string {
	return []string{
		// Google, Microsoft, Yahoo, Apple and AOL
		"gmail.com", "googlemail.com",
		"outlook.com", "outlook.de", "outlook.fr", "outlook.es", "outlook.it", "outlook.jp", "outlook.co.uk", "outlook.com.br",
		"hotmail.com", "hotmail.co.uk", "hotmail.fr", "hotmail.de", "hotmail.it", "hotmail.es", "live.com", "live.co.uk",
		"live.fr", "live.nl", "msn.com", "passport.com",
		"yahoo.com", "yahoo.co.uk", "yahoo.co.in", "yahoo.co.jp", "yahoo.fr", "yahoo.de", "yahoo.it", "yahoo.es",
		"yahoo.com.br", "yahoo.ca", "ymail.com", "rocketmail.com",
		"icloud.com", "me.com", "mac.com", "aol.com", "aim.com",
		// Independent and private mail
		"proton.me", "protonmail.com", "pm.me", "tutanota.com", "tuta.com", "tuta.io", "fastmail.com", "fastmail.fm",
		"hushmail.com", "zohomail.com", "zohomail.eu", "mail.com", "email.com", "inbox.com", "hey.com", "duck.com",
		"mailbox.org", "posteo.de", "posteo.net", "runbox.com", "gmx.com", "gmx.net", "gmx.de", "gmx.at", "gmx.ch", "web.de",
		"freenet.de", "t-online.de", "arcor.de", "mail.de",
		// National providers
		"orange.fr", "wanadoo.fr", "free.fr", "laposte.net", "sfr.fr", "libero.it", "virgilio.it", "tiscali.it", "alice.it",
		"btinternet.com", "sky.com", "virginmedia.com", "ntlworld.com", "talktalk.net", "ziggo.nl", "kpnmail.nl", "telenet.be",
		"bluewin.ch", "seznam.cz", "wp.pl", "o2.pl", "onet.pl", "interia.pl", "abv.bg", "ukr.net",
		"comcast.net", "verizon.net", "att.net", "sbcglobal.net", "cox.net", "charter.net", "earthlink.net", "juno.com",
		"shaw.ca", "rogers.com", "sympatico.ca", "bigpond.com", "optusnet.com.au", "uol.com.br", "bol.com.br", "terra.com.br",
		"qq.com", "foxmail.com", "163.com", "126.com", "yeah.net", "sina.com", "sohu.com", "aliyun.com", "naver.com",
		"hanmail.net", "daum.net", "rediffmail.com", "docomo.ne.jp", "ezweb.ne.jp",
		"yandex.ru", "yandex.com", "ya.ru", "mail.ru", "bk.ru", "list.ru", "inbox.ru", "rambler.ru",
		// Throw-away addresses
		"mailinator.com", "guerrillamail.com", "10minutemail.com", "yopmail.com", "temp-mail.org", "trashmail.com",
	}
}
