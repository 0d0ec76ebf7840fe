<?php
$config = [
    'people' => [
        'exampleauth:UserPass',
        'ana:heron' => ['uid' => ['ana'], 'email' => ['ana@php.example'], 'firstName' => ['Ana'], 'lastName' => ['Novak']],
    ],
];
