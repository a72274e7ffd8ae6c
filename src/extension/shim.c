/* What ext-php-rs cannot express: exceptions that keep file and line and carry no arguments,
 * #[\SensitiveParameter], constants, INI values, and strings written in place,
 * and arrays read without a copy. * It decides nothing. */

#include "php.h"
#include "php_ini.h"
#include "php_globals.h"
#include "SAPI.h"
#include "ext/standard/info.h"
#include "zend_attributes.h"
#include "zend_constants.h"
#include "zend_exceptions.h"
#include "zend_ini.h"
#include "zend_interfaces.h"
#include "ext/spl/spl_exceptions.h"

/* --- Exceptions ------------------------------------------------------------------------------- */

/* The order is the order of byok_engine::error::Kind. */
enum { KIND_INPUT, KIND_ENVELOPE, KIND_KEY_SOURCE, KIND_NETWORK, KINDS };

static zend_class_entry *exception_classes[KINDS];
static zend_class_entry *exception_interface;

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_get_reason, 0, 0, IS_STRING, 0)
ZEND_END_ARG_INFO()

static ZEND_METHOD(ByokException, getReason)
{
	zval rv;
	ZEND_PARSE_PARAMETERS_NONE();
	zval *reason = zend_read_property(Z_OBJCE_P(ZEND_THIS), Z_OBJ_P(ZEND_THIS), ZEND_STRL("reason"), 1, &rv);
	if (reason && Z_TYPE_P(reason) == IS_STRING) {
		RETURN_COPY(reason);
	}
	RETURN_EMPTY_STRING();
}

static const zend_function_entry interface_methods[] = {
	ZEND_ABSTRACT_ME(ByokException, getReason, arginfo_get_reason)
	ZEND_FE_END
};

static const zend_function_entry exception_methods[] = {
	ZEND_ME(ByokException, getReason, arginfo_get_reason, ZEND_ACC_PUBLIC)
	ZEND_FE_END
};

/* A new exception has just recorded its backtrace. The arguments of the frames further out may be
 * the very secret that was refused, and no attribute of ours covers them: drop them all. */
static zend_object *create_exception(zend_class_entry *class)
{
	zend_object *object = zend_ce_exception->create_object(class);
	zval rv;
	zval *trace = zend_read_property_ex(zend_ce_exception, object, ZSTR_KNOWN(ZEND_STR_TRACE), 1, &rv);
	if (trace && Z_TYPE_P(trace) == IS_ARRAY) {
		SEPARATE_ARRAY(trace);
		zval *frame;
		ZEND_HASH_FOREACH_VAL(Z_ARRVAL_P(trace), frame) {
			if (Z_TYPE_P(frame) != IS_ARRAY) {
				continue;
			}
			SEPARATE_ARRAY(frame);
			zval *arguments = zend_hash_find(Z_ARRVAL_P(frame), ZSTR_KNOWN(ZEND_STR_ARGS));
			if (arguments) {
				zval_ptr_dtor(arguments);
				ZVAL_EMPTY_ARRAY(arguments);
			}
		} ZEND_HASH_FOREACH_END();
	}
	return object;
}

static zend_class_entry *register_exception(const char *name, size_t length, zend_class_entry *parent)
{
	zend_class_entry class;
	INIT_CLASS_ENTRY_EX(class, name, length, exception_methods);
	zend_class_entry *registered = zend_register_internal_class_ex(&class, parent);
	registered->create_object = create_exception;
	registered->ce_flags |= ZEND_ACC_FINAL | ZEND_ACC_NOT_SERIALIZABLE;
	zend_class_implements(registered, 1, exception_interface);
	zend_declare_property_string(registered, ZEND_STRL("reason"), "", ZEND_ACC_PROTECTED);
	return registered;
}

void byok_register_exceptions(void)
{
	zend_class_entry class;
	INIT_CLASS_ENTRY(class, "Byok\\Exception\\ByokException", interface_methods);
	exception_interface = zend_register_internal_interface(&class);
	zend_class_implements(exception_interface, 1, zend_ce_throwable);
	exception_classes[KIND_INPUT] = register_exception(ZEND_STRL("Byok\\Exception\\InputException"), spl_ce_InvalidArgumentException);
	exception_classes[KIND_ENVELOPE] = register_exception(ZEND_STRL("Byok\\Exception\\EnvelopeException"), spl_ce_RuntimeException);
	exception_classes[KIND_KEY_SOURCE] = register_exception(ZEND_STRL("Byok\\Exception\\KeySourceException"), spl_ce_RuntimeException);
	exception_classes[KIND_NETWORK] = register_exception(ZEND_STRL("Byok\\Exception\\NetworkException"), spl_ce_RuntimeException);
}

/* Fills `out` with a new exception. `kind` is below KINDS. */
void byok_exception(uint32_t kind, const char *reason, size_t reason_length, const char *message, size_t message_length, zval *out)
{
	object_init_ex(out, exception_classes[kind]);
	zend_update_property_stringl(exception_classes[kind], Z_OBJ_P(out), ZEND_STRL("reason"), reason, reason_length);
	zend_update_property_stringl(zend_ce_exception, Z_OBJ_P(out), ZEND_STRL("message"), message, message_length);
}

/* --- #[\SensitiveParameter] ------------------------------------------------------------------- */

/* 0 done, -1 no such function. */
int byok_mark_sensitive(const char *name, size_t length, uint32_t parameter)
{
	zend_function *function = zend_hash_str_find_ptr(CG(function_table), name, length);
	if (!function) {
		return -1;
	}
	zend_add_parameter_attribute(function, parameter, zend_ce_sensitive_parameter->name, 0);
	return 0;
}

/* --- The server ------------------------------------------------------------------------------- */

/* Whether this is php-fpm, whose master keeps its environment for a reload. */
bool byok_is_fpm(void)
{
	return !strcmp(sapi_module.name, "fpm-fcgi");
}

/* Whether php-fpm has accepted a request in this process. It gives a worker the configuration of its pool
 * before that; what a request brings along (PHP_VALUE, PHP_ADMIN_VALUE) comes right after. */
bool byok_has_fpm_request(void)
{
	return SG(server_context) && byok_is_fpm();
}

/* opcache's preloading starts a request in the master of php-fpm, which must keep its environment for
 * a reload. It takes the server's own hooks away for that time. */
bool byok_is_preloading(void)
{
	return byok_is_fpm() && !sapi_module.activate;
}

/* --- Values ----------------------------------------------------------------------------------- */

zend_string *byok_string_alloc(size_t length)
{
	zend_string *string = zend_string_alloc(length, 0);
	memset(ZSTR_VAL(string), 0, length + 1);
	return string;
}

/* Not initialised, the NUL neither. */
zend_string *byok_string_room(size_t length)
{
	return zend_string_alloc(length, 0);
}

char *byok_string_bytes(zend_string *string)
{
	return ZSTR_VAL(string);
}

/* The entry of an array at `*position` or behind it, and its name, NULL for a number; NULL at the end. `*position`
 * is then behind it. The first position is 0. */
const zval *byok_array_next(const HashTable *table, uint32_t *position, const zend_string **name)
{
	HashPosition at = *position;
	zend_string *key = NULL;
	zend_ulong number;
	zval *value = zend_hash_get_current_data_ex((HashTable *) table, &at);
	if (!value) {
		return NULL;
	}
	zend_hash_get_current_key_ex(table, &key, &number, &at);
	zend_hash_move_forward_ex((HashTable *) table, &at);
	*position = at;
	*name = key;
	return Z_TYPE_P(value) == IS_INDIRECT ? Z_INDIRECT_P(value) : value;
}

/* The value of a constant, borrowed until the end of the request; NULL when it is not defined. */
zval *byok_constant(const char *name, size_t length)
{
	return zend_get_constant_str(name, length);
}

uint32_t byok_constant_count(void)
{
	return zend_hash_num_elements(EG(zend_constants));
}

const char *byok_ini_string(const char *name, size_t length)
{
	return zend_ini_string(name, length, 0);
}

/* --- Environment ------------------------------------------------------------------------------ */

/* With auto_globals_jit off, PHP has copied the environment into $_SERVER and $_ENV before any module
 * starts a request. Puts `mark` in place of the variable there, and wipes the string it was. */
void byok_wipe_globals(const char *name, size_t length, const char *mark, size_t mark_length)
{
	static const int arrays[] = { TRACK_VARS_SERVER, TRACK_VARS_ENV };
	for (size_t i = 0; i < sizeof(arrays) / sizeof(arrays[0]); i++) {
		zval *array = &PG(http_globals)[arrays[i]];
		zval *value = Z_TYPE_P(array) == IS_ARRAY ? zend_hash_str_find(Z_ARRVAL_P(array), name, length) : NULL;
		if (!value || Z_TYPE_P(value) != IS_STRING) {
			continue;
		}
		if (!ZSTR_IS_INTERNED(Z_STR_P(value))) {
			/* $_SERVER and $_ENV may share one string: wiping it for both is what we want. */
			ZEND_SECURE_ZERO(Z_STRVAL_P(value), Z_STRLEN_P(value));
		}
		zval_ptr_dtor(value);
		ZVAL_STRINGL(value, mark, mark_length);
	}
}

/* --- Output ----------------------------------------------------------------------------------- */

/* PHP notices only when it writes that nobody reads. ignore_user_abort() asks to go on all the same. */
bool byok_is_browser_gone(void)
{
	return PG(connection_status) != PHP_CONNECTION_NORMAL && !PG(ignore_user_abort);
}

/* --- phpinfo() -------------------------------------------------------------------------------- */

/* The rows of phpinfo() for this module's INI entries. */
void byok_display_ini(zend_module_entry *module)
{
	display_ini_entries(module);
}
