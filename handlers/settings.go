package handlers

import "github.com/labstack/echo/v4"

// settingsRoutes are the pages of an organization's settings. Everybody may look at Access Security; owners and admins do the rest.
func (s *Server) settingsRoutes(g *echo.Group) {
	managers := g.Group("", s.requireManager)

	g.GET("/confirmed", s.confirmedForm)

	g.GET("/access-security", s.accessSecurity)
	g.GET("/access-security/sso", s.ssoPage)
	g.GET("/access-security/sso/azure", s.setupAzure)
	g.GET("/access-security/domains", s.domainsPage)
	g.GET("/access-security/scim", s.scimPage)

	managers.POST("/access-security/sso", s.saveSSO)
	managers.POST("/access-security/sso/enabled", s.switchSSO)
	managers.GET("/access-security/sso/require", s.requireSSOPage)
	managers.POST("/access-security/sso/require", s.switchRequireSSO)
	managers.POST("/access-security/sso/idp-managed", s.switchIdPManaged)
	managers.GET("/access-security/sso/certificates/:id/download", s.downloadCertificate)
	managers.POST("/access-security/sso/certificates/:id/remove", s.removeCertificate)
	managers.POST("/access-security/sso/remove", s.removeSSO)
	s.metadataRoutes(managers)
	s.signingRoutes(managers)
	managers.GET("/access-security/sso/test", s.testPage)
	managers.POST("/access-security/sso/test", s.beginTest)
	managers.POST("/access-security/sso/test/link", s.createTestLink)
	managers.POST("/access-security/sso/test/explain", s.explainMicrosoft)
	managers.GET("/access-security/sso/test/:id", s.testRunPage)

	managers.GET("/access-security/errors", s.cataloguePage)
	managers.GET("/access-security/activity", s.activityPage)
	managers.GET("/access-security/activity/:id", s.activityEntryPage)
	managers.POST("/access-security/activity/:id/raw", s.activityRaw)
	s.diagnosticRoutes(managers)

	managers.POST("/access-security/domains", s.claimDomain)
	managers.POST("/access-security/domains/:id/check", s.checkDomain)
	managers.POST("/access-security/domains/:id/remove", s.removeDomain)

	managers.POST("/access-security/scim/tokens", s.createSCIMToken)
	managers.POST("/access-security/scim/tokens/:id/revoke", s.revokeSCIMToken)
	managers.POST("/access-security/scim/tokens/:id/replace", s.replaceSCIMToken)
	managers.POST("/access-security/scim/hold", s.holdDeactivations)
	managers.POST("/access-security/scim/bursts/:id/undo", s.undoBurst)
	managers.POST("/access-security/scim/bursts/:id/settle", s.settleBurst)
	managers.POST("/access-security/scim/secrets", s.createSCIMSecret)
	managers.POST("/access-security/scim/secrets/:id/revoke", s.revokeSCIMSecret)

	managers.GET("/users", s.usersPage)
	managers.POST("/users/invite", s.inviteUsers)
	managers.GET("/users/:id", s.memberPage)
	managers.POST("/users/:id/role", s.changeMemberRole)
	managers.POST("/users/:id/name", s.renameMember)
	managers.POST("/users/:id/deactivate", s.deactivateMember)
	managers.POST("/users/:id/reactivate", s.reactivateMember)
	managers.POST("/users/:id/resend", s.resendInvitation)
	managers.POST("/users/:id/revoke", s.revokeInvitation)
	managers.POST("/users/:id/identities/forget", s.forgetIdentities)
	managers.POST("/users/:id/sessions/:session/end", s.endMemberSession)
	managers.POST("/users/:id/sessions/end-all", s.endMemberSessions)

	managers.GET("/teams", s.teamsPage)
	managers.POST("/teams", s.createTeam)
	managers.GET("/teams/:id", s.teamPage)
	managers.POST("/teams/:id", s.saveTeam)
	managers.POST("/teams/:id/members", s.addTeamMember)
	managers.POST("/teams/:id/members/:member/remove", s.removeTeamMember)
	managers.POST("/teams/:id/adopt", s.adoptTeam)
	managers.POST("/teams/:id/delete", s.deleteTeam)

	managers.GET("/audit-log", s.auditLogPage)
	managers.GET("/audit-log/export", s.exportAuditLog)
}

// The addresses of the settings pages.
const (
	accessPath  = "/settings/access-security"
	ssoPath     = accessPath + "/sso"
	domainsPath = accessPath + "/domains"
	scimPath    = accessPath + "/scim"
	usersPath   = "/settings/users"
	teamsPath   = "/settings/teams"
	auditPath   = "/settings/audit-log"
)

// orgID is the organization the signed-in person is in.
func orgID(c echo.Context) string { return signedIn(c).Organization.ID }
