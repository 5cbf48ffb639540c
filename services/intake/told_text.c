/* told_text: what a sender is told. Pure. */
#include "services/intake/told.h"

char *
told_text(struct arena *a, const char *number, const char *access_code, const char *public_url, bool asks)
{
	return arena_printf(a,
	    "Başvurunuz alındı. Başvuru numaranız: %s\n"
	    "Nerede olduğunu buradan izleyebilirsiniz (bağlantı size özeldir, paylaşmayın): %s/takip#no=%s&kod=%s\n%s\n"
	    "We have received your application %s; the link shows where it stands.%s",
	    number, public_url, number, access_code,
	    asks ? "Gönderdiğiniz mesajlardan birinin türünü okuyamadık; lütfen yazarak anlatın.\n" : "", number,
	    asks ? " We could not read one of your messages; please write it as text." : "");
}
