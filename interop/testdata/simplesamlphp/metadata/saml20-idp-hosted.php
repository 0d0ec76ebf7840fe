<?php
// The test announces the next certificate by writing next.cer; it signs with it only when it has become key.pem and cert.pem.
$metadata[getenv('IDP_URL') . '/idp'] = [
    'host' => '__DEFAULT__',
    'privatekey' => 'key.pem',
    'certificate' => 'cert.pem',
    'auth' => 'people',
    'signature.algorithm' => 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
    'sign.logout' => true,
];
if (file_exists(getenv('IDP_DIR') . '/next.cer')) {
    $metadata[getenv('IDP_URL') . '/idp']['new_certificate'] = 'next.cer';
}
