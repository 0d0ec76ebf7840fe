<?php
// The service provider is what its own metadata says: keys, addresses, and whether its requests are signed and must be. The test writes
// that into sp.xml, and the signing mode, one of assertion, response and both, into mode.
$mode = trim(file_get_contents(getenv('IDP_DIR') . '/mode'));
$said = SimpleSAML\Metadata\SAMLParser::parseFile(getenv('IDP_DIR') . '/sp.xml')->getMetadata20SP();
$metadata[getenv('SP_ENTITY_ID')] = array_merge($said, [
    'saml20.sign.assertion' => $mode !== 'response',
    'saml20.sign.response' => $mode !== 'assertion',
    'validate.logout' => !empty($said['keys']),
    'attributes.NameFormat' => 'urn:oasis:names:tc:SAML:2.0:attrname-format:basic',
]);
