/* attachments and clamd: names of files as senders give them; where clamd is; and what it may answer, from a socket that says
 * whatever it is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "services/intake/attachments_internal.h"
#include "services/intake/clamd.h"

static void
test_name_is_read_or_refused(void **state)
{
	static const struct {
		const char *header, *name;
	} names[] = {
	    {"foto.jpg", "foto.jpg"},
	    {"UTF-8''sal%C4%B1ncak%20k%c4%b1r%C4%B1k.png", "salıncak kırık.png"},
	    {"../../etc/passwd", "passwd"},
	    {"C:\\Belgeler\\dilek%C3%A7e.pdf", "dilekçe.pdf"},
	    {"a%2Fb.txt", "b.txt"},
	    {" bo%C5%9Fluk ", "boşluk"},
	    {"%", NULL},
	    {"%4", NULL},
	    {"%zz", NULL},
	    {"a%00b", NULL},
	    {"a%0D%0AX: y", NULL},
	    {"%FF", NULL},
	    {"", NULL},
	    {"%20", NULL},
	    {"a/", NULL},
	};
	struct arena *a = arena_new(0);
	char text[3000];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *name = attachments_name_read(a, names[i].header);

		if (!names[i].name)
			assert_null(name);
		else
			assert_string_equal(name, names[i].name);
	}
	memset(text, 'x', sizeof(text) - 1);
	text[255] = '\0';
	assert_non_null(attachments_name_read(a, text));
	text[255] = 'x';
	text[256] = '\0';
	assert_null(attachments_name_read(a, text));
	text[256] = 'x';
	text[sizeof(text) - 1] = '\0';
	assert_null(attachments_name_read(a, text));
	arena_free(a);
}

static void
test_address_is_read_or_refused(void **state)
{
	static const char *const wrong[] = {"", "unix:", "unix:clamd.sock", "/run/clamd.sock", "localhost",
	    "localhost:", ":3310", "localhost:x", "a:1234567"};
	struct clamd_address address;
	struct err e;

	(void)state;
	assert_int_equal(clamd_address_read("unix:/run/clamav/clamd.ctl", &address, &e), 0);
	assert_string_equal(address.path, "/run/clamav/clamd.ctl");
	assert_int_equal(clamd_address_read("clamav:3310", &address, &e), 0);
	assert_string_equal(address.path, "");
	assert_string_equal(address.host, "clamav");
	assert_string_equal(address.port, "3310");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(clamd_address_read(wrong[i], &address, &e), -1);
}

struct liar {
	int fd;
	const char *answer;
	size_t size;
};

/* Reads all pieces, or none, and says what it is told. */
static void *
on_liar(void *arg)
{
	const struct liar *liar = arg;
	int fd = accept(liar->fd, NULL, NULL);
	char data[4096], last[4] = "";

	assert_true(fd >= 0);
	for (ssize_t n; liar->size > 0 && (n = read(fd, data, sizeof(data))) > 0;) {
		memcpy(last, data + n - (n < 4 ? n : 4), (size_t)(n < 4 ? n : 4));
		if (memcmp(last, "\0\0\0\0", 4) == 0)
			break;
	}
	if (write(fd, liar->answer, liar->size) != (ssize_t)liar->size)
		abort();
	close(fd);
	return NULL;
}

static enum clamd_answer
scan(const char *answer, size_t size, struct err *e)
{
	char folder[] = "/tmp/kopru-clamd.XXXXXX", text[sizeof("unix:") + sizeof(((struct sockaddr_un *)0)->sun_path)];
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	struct liar liar = {socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), answer, size};
	struct clamd_address address;
	enum clamd_answer said;
	pthread_t thread;
	int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	assert_non_null(mkdtemp(folder));
	snprintf(name.sun_path, sizeof(name.sun_path), "%s/s", folder);
	snprintf(text, sizeof(text), "unix:%s", name.sun_path);
	assert_int_equal(clamd_address_read(text, &address, e), 0);
	assert_int_equal(bind(liar.fd, (const struct sockaddr *)&name, sizeof(name)), 0);
	assert_int_equal(listen(liar.fd, 1), 0);
	assert_int_equal(pthread_create(&thread, NULL, on_liar, &liar), 0);
	said = clamd_scan(&address, file, e);
	pthread_join(thread, NULL);
	close(file);
	close(liar.fd);
	unlink(name.sun_path);
	rmdir(folder);
	return said;
}

#define SAYS(text) text, sizeof(text), &e

static void
test_only_a_clear_answer_is_clean(void **state)
{
	struct clamd_address nobody = {.path = "/tmp/kopru-nobody-listens-here"};
	struct err e;

	(void)state;
	assert_int_equal(scan(SAYS("stream: OK")), CLAMD_CLEAN);
	assert_int_equal(scan(SAYS("stream: Eicar-Test-Signature FOUND")), CLAMD_INFECTED);
	assert_int_equal(scan(SAYS("INSTREAM size limit exceeded. ERROR")), CLAMD_UNKNOWN);
	assert_non_null(strstr(e.text, "size limit"));
	assert_int_equal(scan(SAYS("stream: OK or not")), CLAMD_UNKNOWN);
	assert_int_equal(scan(SAYS("stream: OK FOUND")), CLAMD_INFECTED);
	assert_int_equal(scan(SAYS("a\nb\"c\x1B")), CLAMD_UNKNOWN);
	assert_null(strpbrk(e.text, "\n\x1B"));
	assert_int_equal(scan("", 0, &e), CLAMD_UNKNOWN);
	assert_int_equal(clamd_scan(&nobody, -1, &e), CLAMD_UNKNOWN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_name_is_read_or_refused),
	    cmocka_unit_test(test_address_is_read_or_refused),
	    cmocka_unit_test(test_only_a_clear_answer_is_clean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
