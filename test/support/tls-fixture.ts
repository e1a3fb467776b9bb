/**
 * A test fixture and no secret: a self-signed certificate for localhost and 127.0.0.1, valid until 2126, and its
 * private key. Node's crypto cannot make certificates.
 */
export const fixtureCertificate = `-----BEGIN CERTIFICATE-----
MIIBuTCCAV+gAwIBAgIUdmEm69GT+6CWYR1Iey3juiKxyo0wCgYIKoZIzj0EAwIw
IzEhMB8GA1UEAwwYYTJhLWdhdGV3YXkgdGVzdCBmaXh0dXJlMCAXDTI2MTEyNTE4
MjUxMVoYDzIxMjYxMTAxMTgyNTExWjAjMSEwHwYDVQQDDBhhMmEtZ2F0ZXdheSB0
ZXN0IGZpeHR1cmUwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASkm8Izn1u0vvJX
NHsxvgmHmA30/zILK04KFW/vo2Np5kFHla7ALVm1Ba6AeXD2kgbuZqqWCaZDx2i9
zFx3zyA8o28wbTAdBgNVHQ4EFgQUuPtZ4ptOvH3Ez3jFLMPZzjnGnogwHwYDVR0j
BBgwFoAUuPtZ4ptOvH3Ez3jFLMPZzjnGnogwDwYDVR0TAQH/BAUwAwEB/zAaBgNV
HREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZIzj0EAwIDSAAwRQIgTB236+WY
BFmov4aLYgYQxjcWcVEGrJT/lWBtAw1mdfkCIQD6981HwH8Xuva5iZZ7hcLUZ5RQ
LYziBq8Dea+vxJTCoQ==
-----END CERTIFICATE-----
`;

export const fixtureKey = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgpMGk9qGT+ztmdHqR
4H/yiJyJvH7f0nzbWeWtGfqg0bWhRANCAASkm8Izn1u0vvJXNHsxvgmHmA30/zIL
K04KFW/vo2Np5kFHla7ALVm1Ba6AeXD2kgbuZqqWCaZDx2i9zFx3zyA8
-----END PRIVATE KEY-----
`;
