/*
 * A name server that changes its mind.
 *
 * BYOK_TEST_NAMES is a list such as "name=192.31.196.1,127.0.0.1": the first look-up of the name in a process gets the first
 * address, the next one the next, and all others the last. Other names are looked up in /etc/hosts. Addresses are IPv4.
 *
 * It is a module of the C library's name service (nss(5)), for PHP binds its extensions to the C library so that nothing can be
 * put between. Build it as libnss_byoktest.so.2, name its folder in LD_LIBRARY_PATH and the file in LD_PRELOAD.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <nss.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* In the C library, for programs such as this one. */
extern int __nss_configure_lookup(const char *database, const char *services);

static int asked;

__attribute__((constructor)) static void take_over(void) { __nss_configure_lookup("hosts", "byoktest files"); }

/* The next address of a name; 0 when the name is not ours. */
static int address_of(const char *name, struct in_addr *found) {
	const char *names = getenv("BYOK_TEST_NAMES");
	size_t length = strlen(name);
	char address[INET_ADDRSTRLEN] = "";
	if (!names || strncmp(names, name, length) || names[length] != '=') {
		return 0;
	}
	const char *at = names + length + 1;
	for (int skip = asked++; skip > 0 && strchr(at, ','); skip--) {
		at = strchr(at, ',') + 1;
	}
	size_t end = strcspn(at, ",");
	if (end >= sizeof address) {
		return 0;
	}
	memcpy(address, at, end);
	return inet_pton(AF_INET, address, found);
}

static enum nss_status none(int *error, int *h_error) {
	*error = ENOENT;
	*h_error = HOST_NOT_FOUND;
	return NSS_STATUS_NOTFOUND;
}

/* For getaddrinfo(). */
enum nss_status _nss_byoktest_gethostbyname4_r(const char *name, struct gaih_addrtuple **found, char *buffer, size_t size,
		int *error, int *h_error, int32_t *ttl) {
	struct in_addr address;
	(void)ttl;
	size_t shift = -(uintptr_t)buffer % sizeof(void *);
	if (size < shift + sizeof(struct gaih_addrtuple) + strlen(name) + 1) {
		*error = ERANGE;
		*h_error = NETDB_INTERNAL;
		return NSS_STATUS_TRYAGAIN;
	}
	if (!address_of(name, &address)) {
		return none(error, h_error);
	}
	struct gaih_addrtuple *tuple = *found ? *found : (struct gaih_addrtuple *)(buffer + shift);
	memset(tuple, 0, sizeof *tuple);
	tuple->name = strcpy(buffer + shift + sizeof *tuple, name);
	tuple->family = AF_INET;
	memcpy(tuple->addr, &address, sizeof address);
	*found = tuple;
	return NSS_STATUS_SUCCESS;
}

/* For gethostbyname() and for getaddrinfo() with a family. */
enum nss_status _nss_byoktest_gethostbyname2_r(const char *name, int family, struct hostent *entry, char *buffer, size_t size,
		int *error, int *h_error) {
	struct { char *aliases[1]; char *list[2]; struct in_addr address; char name[]; } *room;
	size_t shift = -(uintptr_t)buffer % sizeof(void *);
	if (size < shift + sizeof *room + strlen(name) + 1) {
		*error = ERANGE;
		*h_error = NETDB_INTERNAL;
		return NSS_STATUS_TRYAGAIN;
	}
	room = (void *)(buffer + shift);
	if (family != AF_INET || !address_of(name, &room->address)) {
		return none(error, h_error);
	}
	room->aliases[0] = NULL;
	room->list[0] = (char *)&room->address;
	room->list[1] = NULL;
	entry->h_name = strcpy(room->name, name);
	entry->h_aliases = room->aliases;
	entry->h_addrtype = AF_INET;
	entry->h_length = sizeof room->address;
	entry->h_addr_list = room->list;
	return NSS_STATUS_SUCCESS;
}

enum nss_status _nss_byoktest_gethostbyname_r(const char *name, struct hostent *entry, char *buffer, size_t size, int *error,
		int *h_error) {
	return _nss_byoktest_gethostbyname2_r(name, AF_INET, entry, buffer, size, error, h_error);
}
