/* Stands before everything that PHP writes to its log or shows as an error: byok.redact_log.
 *
 * PHP has three ways in, and each is met where all its messages pass:
 * - warnings, fatal errors and uncaught exceptions: zend_error_cb, before they are logged, shown or kept for
 *   error_get_last();
 * - error_log() and syslog(): their handlers, because the first writes to a file or to syslog without any hook;
 * - messages of other modules: the server's log_message.
 * It decides nothing. */

#include "php.h"
#include "php_globals.h"
#include "SAPI.h"

/* Of log.rs. Whether byok.redact_log is on. */
bool byok_log_is_on(void);
/* NULL: the text has no key. Else what byok_bytes_free() frees; a NUL stands behind it. */
char *byok_log_clean(const char *bytes, size_t length, size_t *out_length);
void byok_bytes_free(char *bytes, size_t length);

/* NULL when the message may be written as it is. */
static zend_string *clean(const char *bytes, size_t length)
{
	size_t out_length;
	char *out = byok_log_is_on() ? byok_log_clean(bytes, length, &out_length) : NULL;
	if (!out) {
		return NULL;
	}
	zend_string *string = zend_string_init(out, out_length, 0);
	byok_bytes_free(out, out_length);
	return string;
}

/* --- Warnings, fatal errors, uncaught exceptions ---------------------------------------------- */

static void (*next_error_cb)(int type, zend_string *file, const uint32_t line, zend_string *message);

static void error_cb(int type, zend_string *file, const uint32_t line, zend_string *message)
{
	zend_string *cleaned = message ? clean(ZSTR_VAL(message), ZSTR_LEN(message)) : NULL;
	/* A fatal error does not return; the request's memory is given back whole then. */
	next_error_cb(type, file, line, cleaned ? cleaned : message);
	if (cleaned) {
		zend_string_release(cleaned);
	}
}

/* --- error_log(), syslog() -------------------------------------------------------------------- */

static zif_handler next_error_log, next_syslog;

static void clean_argument(zend_execute_data *execute_data, uint32_t number)
{
	if (ZEND_CALL_NUM_ARGS(execute_data) < number || !byok_log_is_on()) {
		return;
	}
	zval *argument = ZEND_CALL_ARG(execute_data, number);
	if (Z_TYPE_P(argument) == IS_OBJECT && !ZEND_ARG_USES_STRICT_TYPES()) {
		/* As the function itself would; an exception, for one, becomes its text with the trace. */
		zval string;
		if (Z_OBJ_HT_P(argument)->cast_object(Z_OBJ_P(argument), &string, IS_STRING) == FAILURE) {
			return;
		}
		zval_ptr_dtor(argument);
		ZVAL_COPY_VALUE(argument, &string);
	}
	if (Z_TYPE_P(argument) != IS_STRING) {
		return;
	}
	zend_string *cleaned = clean(Z_STRVAL_P(argument), Z_STRLEN_P(argument));
	if (cleaned) {
		zval_ptr_dtor(argument);
		ZVAL_STR(argument, cleaned);
	}
}

static ZEND_NAMED_FUNCTION(clean_error_log)
{
	clean_argument(execute_data, 1);
	if (!EG(exception)) {
		next_error_log(INTERNAL_FUNCTION_PARAM_PASSTHRU);
	}
}

static ZEND_NAMED_FUNCTION(clean_syslog)
{
	clean_argument(execute_data, 2);
	if (!EG(exception)) {
		next_syslog(INTERNAL_FUNCTION_PARAM_PASSTHRU);
	}
}

/* Puts a handler in place of a function's and returns the one before; NULL when there is no such function. */
static zif_handler replace(const char *name, size_t length, zif_handler handler)
{
	zend_function *function = zend_hash_str_find_ptr(CG(function_table), name, length);
	if (!function || function->type != ZEND_INTERNAL_FUNCTION) {
		return NULL;
	}
	zif_handler before = function->internal_function.handler;
	function->internal_function.handler = handler;
	return before;
}

/* --- The server's log ------------------------------------------------------------------------- */

static void (*next_log_message)(const char *message, int type);

static void log_message(const char *message, int type)
{
	size_t length;
	char *cleaned = message && byok_log_is_on() ? byok_log_clean(message, strlen(message), &length) : NULL;
	next_log_message(cleaned ? cleaned : message, type);
	if (cleaned) {
		byok_bytes_free(cleaned, length);
	}
}

/* ---------------------------------------------------------------------------------------------- */

void byok_hook_logs(void)
{
	next_error_cb = zend_error_cb;
	zend_error_cb = error_cb;
	next_error_log = replace(ZEND_STRL("error_log"), clean_error_log);
	next_syslog = replace(ZEND_STRL("syslog"), clean_syslog);
	next_log_message = sapi_module.log_message;
	if (next_log_message) {
		sapi_module.log_message = log_message;
	}
}

/* Only what is still ours is put back: another module may have hooked itself in after us. */
void byok_unhook_logs(void)
{
	if (zend_error_cb == error_cb) {
		zend_error_cb = next_error_cb;
	}
	if (next_log_message && sapi_module.log_message == log_message) {
		sapi_module.log_message = next_log_message;
	}
}
