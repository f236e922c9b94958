// TLS of the load tools. The client decides what all proxies have in common: TLS 1.3, X25519, AES-128-GCM, no resumption.
// It trusts any certificate, which is made at the run, and checks its signature over the handshake all the same.
#ifndef WEIR_BENCH_TLS_H
#define WEIR_BENCH_TLS_H
#include "common.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

__attribute__((noreturn)) static inline void die_tls(const char *what) {
  ERR_print_errors_fp(stderr);
  errno = 0;
  die("%s", what);
}

// `alpn`: the protocol wanted, in the form of the extension: a byte of length before it.
static inline SSL_CTX *tls_context(const char *alpn) {
  SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
  if (!ctx || !SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) || !SSL_CTX_set1_groups_list(ctx, "X25519") ||
      !SSL_CTX_set_ciphersuites(ctx, "TLS_AES_128_GCM_SHA256") ||
      SSL_CTX_set_alpn_protos(ctx, (const unsigned char *)alpn, strlen(alpn)))
    die_tls("set TLS up");
  SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
  SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_read_ahead(ctx, 1);
  return ctx;
}

static inline SSL *tls_over(SSL_CTX *ctx, int fd, const char *host) {
  SSL *ssl = SSL_new(ctx);
  if (!ssl || !SSL_set_fd(ssl, fd) || !SSL_set_tlsext_host_name(ssl, host)) die_tls("start TLS");
  SSL_set_connect_state(ssl);
  return ssl;
}

// 1: done, 0: later, -1: the other side is gone or has failed.
static inline int tls_state(SSL *ssl, int result) {
  if (result > 0) return 1;
  int e = SSL_get_error(ssl, result);
  ERR_clear_error();
  return e == SSL_ERROR_WANT_READ || e == SSL_ERROR_WANT_WRITE ? 0 : -1;
}

// The protocol agreed on is the one wanted: else the proxy would do another work than the table says.
static inline void expect_alpn(SSL *ssl, const char *alpn) {
  const unsigned char *got;
  unsigned len;
  SSL_get0_alpn_selected(ssl, &got, &len);
  errno = 0;
  if (len != strlen(alpn) - 1 || memcmp(got, alpn + 1, len)) die("the proxy agreed on '%.*s' by ALPN, wanted '%s'", len, got, alpn + 1);
}
#endif
