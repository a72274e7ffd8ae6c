/* What the relay needs of the server that runs PHP: what it says of a request, an answer that never becomes a PHP
 * string, and bodies of multipart/form-data left as they came. It decides nothing; `server.rs` does. */

#include "php.h"
#include "php_globals.h"
#include "php_output.h"
#include "rfc1867.h"
#include "SAPI.h"

/* --- The request ------------------------------------------------------------------------------ */

/* A parameter as the server gave it, whatever PHP code has done to $_SERVER. Borrowed until the end of the request;
 * NULL when there is none. */
const char *byok_server_parameter(const char *name, size_t length)
{
	return sapi_module.getenv ? sapi_module.getenv(name, length) : NULL;
}

const char *byok_server_name(void)
{
	return sapi_module.name;
}

/* --- Answers ---------------------------------------------------------------------------------- */

/* php-fpm keeps what it has sent in a buffer of 8 KiB until other bytes take its place. These do: they begin after the
 * eight bytes of a record's head. */
#define FASTCGI_BUFFER 8192
static const char blank[FASTCGI_BUFFER - 8 - 1];

/* Sends a whole answer, headers and all, past PHP's lists of headers and its buffers of output. False when PHP has sent
 * headers already. */
bool byok_answer_server(const char *bytes, size_t length)
{
	if (SG(headers_sent) || !sapi_module.ub_write || !sapi_module.flush) {
		return false;
	}
	/* The server has what it wanted after the headers, and may hang up before the blank: PHP would jump out of here. */
	bool ignored = PG(ignore_user_abort);
	PG(ignore_user_abort) = true;
	SG(headers_sent) = 1;
	sapi_module.ub_write(bytes, length);
	sapi_module.flush(SG(server_context));
	sapi_module.ub_write(blank, sizeof(blank));
	PG(ignore_user_abort) = ignored;
	return true;
}

/* Answers as any PHP page does. */
void byok_answer_client(int status, const char *json, size_t length)
{
	static const char *const headers[] = {
		"Content-Type: application/json", "Cache-Control: no-store", "X-Content-Type-Options: nosniff",
	};
	sapi_header_op(SAPI_HEADER_SET_STATUS, (void *) (zend_long) status);
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		sapi_header_line line = { .line = headers[i], .line_len = strlen(headers[i]) };
		sapi_header_op(SAPI_HEADER_REPLACE, &line);
	}
	php_output_write(json, length);
}

/* --- Bodies ----------------------------------------------------------------------------------- */

bool byok_is_relayed(const char *uri, size_t length);

static bool is_relayed(const char *uri)
{
	return uri && byok_is_relayed(uri, strlen(uri));
}

/* PHP takes a body of multipart/form-data apart and keeps no copy. One that is to be relayed stays in php://input, to
 * the byte: a provider checks what a client has signed or measured. */
static void read_multipart(char *content_type, void *array)
{
	if (is_relayed(byok_server_parameter(ZEND_STRL("REQUEST_URI"))) || is_relayed(SG(request_info).request_uri)) {
		return;
	}
	rfc1867_post_handler(content_type, array);
}

static const sapi_post_entry ours = { MULTIPART_CONTENT_TYPE, sizeof(MULTIPART_CONTENT_TYPE) - 1, NULL, read_multipart };
static const sapi_post_entry phps = { MULTIPART_CONTENT_TYPE, sizeof(MULTIPART_CONTENT_TYPE) - 1, NULL, rfc1867_post_handler };

void byok_hook_multipart(void)
{
	sapi_unregister_post_entry(&phps);
	sapi_register_post_entry(&ours);
}

void byok_unhook_multipart(void)
{
	sapi_unregister_post_entry(&ours);
	sapi_register_post_entry(&phps);
}
