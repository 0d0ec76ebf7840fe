<?php
// The test writes the signing mode, one of assertion, response and both.
$mode = trim(file_get_contents(getenv('IDP_DIR') . '/mode'));
$metadata[getenv('SP_ENTITY_ID')] = [
    'AssertionConsumerService' => getenv('SP_ENTITY_ID') . '/acs',
    'saml20.sign.assertion' => $mode !== 'response',
    'saml20.sign.response' => $mode !== 'assertion',
    'attributes.NameFormat' => 'urn:oasis:names:tc:SAML:2.0:attrname-format:basic',
];
