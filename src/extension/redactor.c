/* Byok\Redactor and the stream filter byok.redact: the shapes that Zend wants, around one engine's
 * stream. It decides nothing. */

#include "php.h"
#include "zend_attributes.h"
#include "zend_exceptions.h"
#include "zend_interfaces.h"
#include "ext/standard/basic_functions.h"

/* Of redactor.rs. */
void *byok_redactor_new(void);
void byok_redactor_free(void *state);
/* False: an exception was thrown. */
bool byok_redactor_options(void *state, HashTable *options);
void byok_redactor_push(void *state, const char *bytes, size_t length, zval *out);
void byok_redactor_finish(void *state, zval *out);
void byok_redactor_found(void *state, zval *out);
zend_long byok_redactor_missed(void *state);
/* What byok_bytes_free() frees. */
char *byok_redactor_take(void *state, const char *bytes, size_t length, bool close, size_t *out_length);
void byok_bytes_free(char *bytes, size_t length);

/* --- Byok\Redactor ---------------------------------------------------------------------------- */

typedef struct {
	void *state;
	zend_object std;
} redactor;

static zend_object_handlers handlers;

static redactor *redactor_of(zend_object *object)
{
	return (redactor *) ((char *) object - XtOffsetOf(redactor, std));
}

static zend_object *create(zend_class_entry *class)
{
	redactor *made = zend_object_alloc(sizeof(redactor), class);
	made->state = byok_redactor_new();
	zend_object_std_init(&made->std, class);
	object_properties_init(&made->std, class);
	made->std.handlers = &handlers;
	return &made->std;
}

static void release(zend_object *object)
{
	byok_redactor_free(redactor_of(object)->state);
	zend_object_std_dtor(object);
}

#define STATE (redactor_of(Z_OBJ_P(ZEND_THIS))->state)

static ZEND_METHOD(ByokRedactor, __construct)
{
	HashTable *options = NULL;
	ZEND_PARSE_PARAMETERS_START(0, 1)
		Z_PARAM_OPTIONAL
		Z_PARAM_ARRAY_HT(options)
	ZEND_PARSE_PARAMETERS_END();
	byok_redactor_options(STATE, options);
}

static ZEND_METHOD(ByokRedactor, push)
{
	zend_string *piece;
	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_STR(piece)
	ZEND_PARSE_PARAMETERS_END();
	byok_redactor_push(STATE, ZSTR_VAL(piece), ZSTR_LEN(piece), return_value);
}

static ZEND_METHOD(ByokRedactor, finish)
{
	ZEND_PARSE_PARAMETERS_NONE();
	byok_redactor_finish(STATE, return_value);
}

static ZEND_METHOD(ByokRedactor, found)
{
	ZEND_PARSE_PARAMETERS_NONE();
	byok_redactor_found(STATE, return_value);
}

static ZEND_METHOD(ByokRedactor, missed)
{
	ZEND_PARSE_PARAMETERS_NONE();
	RETURN_LONG(byok_redactor_missed(STATE));
}

ZEND_BEGIN_ARG_INFO_EX(arginfo_construct, 0, 0, 0)
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, options, IS_ARRAY, 0, "[]")
ZEND_END_ARG_INFO()
ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_push, 0, 1, IS_STRING, 0)
	ZEND_ARG_TYPE_INFO(0, piece, IS_STRING, 0)
ZEND_END_ARG_INFO()
ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_finish, 0, 0, IS_STRING, 0)
ZEND_END_ARG_INFO()
ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_found, 0, 0, IS_ARRAY, 0)
ZEND_END_ARG_INFO()
ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_missed, 0, 0, IS_LONG, 0)
ZEND_END_ARG_INFO()

static const zend_function_entry methods[] = {
	ZEND_ME(ByokRedactor, __construct, arginfo_construct, ZEND_ACC_PUBLIC)
	ZEND_ME(ByokRedactor, push, arginfo_push, ZEND_ACC_PUBLIC)
	ZEND_ME(ByokRedactor, finish, arginfo_finish, ZEND_ACC_PUBLIC)
	ZEND_ME(ByokRedactor, found, arginfo_found, ZEND_ACC_PUBLIC)
	ZEND_ME(ByokRedactor, missed, arginfo_missed, ZEND_ACC_PUBLIC)
	ZEND_FE_END
};

static void register_class(void)
{
	zend_class_entry class;
	INIT_CLASS_ENTRY(class, "Byok\\Redactor", methods);
	zend_class_entry *registered = zend_register_internal_class(&class);
	registered->create_object = create;
	/* It may hold a piece of a text. */
	registered->ce_flags |= ZEND_ACC_FINAL | ZEND_ACC_NOT_SERIALIZABLE | ZEND_ACC_NO_DYNAMIC_PROPERTIES;
	memcpy(&handlers, &std_object_handlers, sizeof(handlers));
	handlers.offset = XtOffsetOf(redactor, std);
	handlers.free_obj = release;
	handlers.clone_obj = NULL;
	zend_function *push = zend_hash_str_find_ptr(&registered->function_table, ZEND_STRL("push"));
	zend_add_parameter_attribute(push, 0, zend_ce_sensitive_parameter->name, 0);
}

/* --- byok.redact ------------------------------------------------------------------------------ */

static void append(php_stream *stream, php_stream_bucket_brigade *out, char *bytes, size_t length)
{
	if (length) {
		/* The bucket frees its bytes with the stream's own allocator. */
		char *own = pemalloc(length, php_stream_is_persistent(stream));
		memcpy(own, bytes, length);
		php_stream_bucket *bucket = php_stream_bucket_new(stream, own, length, 1, php_stream_is_persistent(stream));
		php_stream_bucket_append(out, bucket);
	}
	byok_bytes_free(bytes, length);
}

static php_stream_filter_status_t filter(
	php_stream *stream, php_stream_filter *this, php_stream_bucket_brigade *in, php_stream_bucket_brigade *out,
	size_t *consumed, int flags)
{
	void *state = Z_PTR(this->abstract);
	size_t length, taken = 0;
	while (in->head) {
		php_stream_bucket *bucket = in->head;
		char *bytes = byok_redactor_take(state, bucket->buf, bucket->buflen, false, &length);
		taken += bucket->buflen;
		php_stream_bucket_unlink(bucket);
		php_stream_bucket_delref(bucket);
		append(stream, out, bytes, length);
	}
	/* fflush() is no end of the text: what may be the beginning of a key stays until the stream is closed. */
	if (flags & PSFS_FLAG_FLUSH_CLOSE) {
		char *bytes = byok_redactor_take(state, NULL, 0, true, &length);
		append(stream, out, bytes, length);
	}
	if (consumed) {
		*consumed = taken;
	}
	return out->head ? PSFS_PASS_ON : PSFS_FEED_ME;
}

static void filter_free(php_stream_filter *this)
{
	byok_redactor_free(Z_PTR(this->abstract));
}

static const php_stream_filter_ops filter_ops = { filter, filter_free, "byok.redact" };

static php_stream_filter *filter_create(const char *name, zval *options, uint8_t persistent)
{
	void *state = byok_redactor_new();
	if (options && Z_TYPE_P(options) == IS_ARRAY && !byok_redactor_options(state, Z_ARRVAL_P(options))) {
		byok_redactor_free(state);
		return NULL;
	}
	return php_stream_filter_alloc(&filter_ops, state, persistent);
}

static const php_stream_filter_factory factory = { filter_create };

void byok_register_redactor(void)
{
	register_class();
	php_stream_filter_register_factory("byok.redact", &factory);
}

void byok_unregister_redactor(void)
{
	php_stream_filter_unregister_factory("byok.redact");
}
