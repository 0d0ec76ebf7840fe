package sso

// What is said in place of a reason's own entry where more is known than the reason: the
// reason stays the one to search for. A check sets it in Error.says.

var overBeforeItBegan = entry{
	SideIdP, tellAdmin, "The time for which the response is valid had ended before the request it answers was sent, although its clock is right. The identity provider must let its answers be valid for some minutes.", entraSSO,
}

// alsoSays is all of them, for the documentation.
var alsoSays = map[Reason][]*entry{
	ReasonExpired: {&overBeforeItBegan},
}
