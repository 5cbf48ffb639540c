/* deciding_danger: which texts speak of danger to life, and which only of its words. */
#include "services/router/deciding_danger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/text.h"

struct said {
	const char *text;
	const char *emergency; /* NULL: no danger */
};

static const struct said dangerous[] = {
    {"Yangın çıktı, yetişin", "112"},
    {"arka sokakta ev yaniyo", "112"},
    {"Konteyner tutuştu, alevler arabalara yaklaşıyor", "112"},
    {"Boş arsadaki otlar yanıyor", "112"},
    {"Apartmanda gaz kokusu var", "187, 112"},
    {"dogalgaz kokuyo merdiven boslugu", "187, 112"},
    {"Sokakta kazı yapan ekip gaz borusunu deldi, gaz kaçağı var", "187, 112"},
    {"Sobadan zehirlendik galiba", "112"},
    {"Elektrik teli koptu, yolun ortasında duruyor", "112, 186"},
    {"Direkten sarkan kablo çocuklara çarpacak", "112, 186"},
    {"parktaki lamba diregi elektrik carpiyo", "112, 186"},
    {"Pano kapağı yok, elektrik kabloları açıkta", "112, 186"},
    {"Çocuk kuyuya düştü!", "112"},
    {"Rögar kapağı çalınmış, çukur açık", "112"},
    {"logar kapagi yok gece biri duscek", "112"},
    {"Geçen hafta rögar kapağı çalındı, hâlâ açık", "112"},
    {"Asansörde kaldık, kimse gelmiyor", "112"},
    {"Karda mahsur kaldık, yaşlı annem var", "112"},
    {"Bir kişi yaralı, yerde yatıyor", "112"},
    {"Adamın bilinci kapalı", "112"},
    {"Babam nefes alamıyor, ambulans gelmiyor", "112"},
    {"Annem diyaliz hastası, yol kardan kapalı", "112"},
    {"Her yer kar. Yaşlı teyze evden çıkamıyor, yalnız", "112"},
    {"kardan yol kapali, ilaclari bitmis", "112"},
    {"There is a strong smell of gas in our building", "187, 112"},
    {"My husband beats me", "112, 183"},
    {"Dayanamıyorum, intihar edeceğim", "112"},
    {"Kendimi öldüreceğim", "112"},
    {"Kocam beni dövüyor", "112, 183"},
    {"Üst komşu çocuklarına şiddet uyguluyor", "112, 183"},
    {"Sokakta kavga çıktı, adamın elinde bıçak var", "112"},
    {"Silah sesleri geliyor", "112"},
    {"Biri bizi ölümle tehdit ediyor", "112"},
    {"Eve hırsız girdi, içeride", "112"},
    {"İskele çöktü, işçiler altında", "112"},
    {"temel kazısında toprak kaydı", "112"},
    {"Bina her an yıkılabilir", "112"},
    {"Depremden sonra kolonlar çatladı", "112"},
    {"Ağaç devrildi arabanın üstüne", "112"},
    {"Koca dal düştü, az kalsın başımıza geliyordu", "112"},
    {"Lağım taştı, evin içine doluyor", "112"},
    {"Kızım kayboldu, bulamıyoruz", "112"},
    {"Köpek çocuğu ısırdı", "112"},
    {"Kaza oldu, yaralı var", "112"},
    {"Yerde yaralı bulundu", "112"},
    {"Yavrum nefes alamıyor", "112"},
    {"köpekler çocuğa saldırdı yaraladı", "112"},
    {"Bodrum sular altında, çıkamıyoruz", "112"},
    {"sel suları eve girdi", "112"},
    {"duman çıkıyor evden", "112"},
    {"Fire! Help!", "112"},
    {"A child fell into a well", "112"},
    {"There is an open manhole without cover", "112"},
    {"a tree fell on a car", "112"},
    {"yangın söndürme tüpü patladı çocuk yaralı", "187, 112"},
    {"Yangın çıktı, söndüremiyoruz", "112"},
    {"Yangın söndürülemedi, alevler büyüyor", "112"},
    {"Parkta çocuk kuyuya düştü", "112"},
    {"parktaki havuza çocuk düştü", "112"},
    {"köprüden atlayacak birisi var", "112"},
    {"Elektrik akımına kapıldı", "112, 186"},
    {"Otluk alanda ateş yaktılar büyüdü", "112"},
    {"ormanda duman görüyorum", "112"},
    {"I want to kill myself", "112"},
    {"my neighbour is beating his wife", "112, 183"},
    {"there is a bare electric wire on the ground", "112, 186"},
    {"the ceiling collapsed", "112"},
    {"flood in our basement", "112"},
    {"my child is missing", "112"},
};

static const struct said harmless[] = {
    {"Çöp alınmıyor", NULL},
    {"Yangın merdiveni yok, ruhsat verilmiş", NULL},
    {"Yangın tüpü dolumu nerede yapılıyor", NULL},
    {"Kuru otlar yüzünden yangın çıkabilir", NULL},
    {"Yangın söndürüldü, teşekkürler", NULL},
    {"Geçen yıl yangın çıktı, o günden beri arsa boş", NULL},
    {"İtfaiye raporu almak istiyorum", NULL},
    {"Sokak lambası yanmıyor", NULL},
    {"Doğalgaz faturası çok geldi", NULL},
    {"Egzoz gazı kokusu pencereden giriyor", NULL},
    {"Elektrikler kesik, ne zaman gelecek", NULL},
    {"Rögar kapağı takıldı, teşekkür ederiz", NULL},
    {"Şiddetli yağmur yağdı, su birikti", NULL},
    {"Kadına yönelik şiddet semineri ne zaman", NULL},
    {"Yaralı kedi var kaldırımda", NULL},
    {"Kimse yaralanmadı ama kaldırım bozuk", NULL},
    {"Sinekten boğuluyoruz, ilaçlama istiyoruz, kokudan duramıyoruz", NULL},
    {"Okula gidemiyor çocuklar, otobüs yok", NULL},
    {"Köpeği öldürecekler diye korkuyoruz", NULL},
    {"Kavga yok, gürültü var", NULL},
    {"Bank kırıldı, salıncak düştü", NULL},
    {"Evimin yıkılmasını istiyorum, metruk", NULL},
    {"Ağaç dikilsin, fidan verin", NULL},
    {"Elektrikli süpürge bozuldu, nereye atayım", NULL},
    {"Yaşlı annem evden çıkamıyor, evde bakım istiyoruz", NULL},
    {"Ruhsat için ne gerekiyor", NULL},
    {"Ekmek bıçağı bileten var mı", NULL},
    {"The fire brigade phone number please", NULL},
    {"Top çukura düştü, alamıyoruz", NULL},
    {"Silahlı kuvvetlerden emekliyim, vergi indirimi istiyorum", NULL},
    {"Belediyenin intihar önleme semineri var mı", NULL},
    {"Motorlar taciz edici ses çıkarıyor", NULL},
    {"Mahallemizde hırsız var, kamera istiyoruz", NULL},
    {"Kızımız kayboldu sanmıştık, bulundu", NULL},
    {"Kanalizasyon bağlantısı istiyorum", NULL},
    {"Otobüsü kaçırdı çocuk, servis erken geçmiş", NULL},
    {"", NULL},
};

static const struct danger *
find(struct arena *a, const char *text, const char **phrase)
{
	struct dangers *d = dangers_new();
	const struct danger *found = dangers_find(d, a, text_fold_tr(a, text), phrase);

	dangers_free(d);
	return found;
}

static void
check(const struct said *list, size_t count)
{
	struct arena *a = arena_new(0);
	size_t wrong = 0;

	for (size_t i = 0; i < count; i++) {
		const char *phrase = NULL;
		const struct danger *found = find(a, list[i].text, &phrase);
		const char *emergency = found ? found->emergency : NULL;

		if ((emergency == NULL) == (list[i].emergency == NULL) &&
		    (!emergency || strcmp(emergency, list[i].emergency) == 0))
			continue;
		wrong++;
		print_message(
		    "# \"%s\": %s (%s)\n", list[i].text, emergency ? emergency : "nothing", phrase ? phrase : "-");
	}
	arena_free(a);
	assert_int_equal(wrong, 0);
}

static void
test_dangers_are_found(void **state)
{
	(void)state;
	check(dangerous, sizeof(dangerous) / sizeof(dangerous[0]));
}

static void
test_what_is_over_denied_or_feared_is_none(void **state)
{
	(void)state;
	check(harmless, sizeof(harmless) / sizeof(harmless[0]));
}

/* What the topic alone would alarm for. */
static void
test_calm_texts_of_a_topic_alarm_nobody(void **state)
{
	static const struct {
		const char *topic, *text;
		bool calm;
	} list[] = {
	    {"DIS-14", "yangın tüpü almak istiyorum", true},
	    {"DIS-14", "Geçen yıl yangın çıkmıştı", true},
	    {"DIS-14", "İtfaiye müdürlüğünün telefonu nedir", true},
	    {"DIS-14", "Apartmana YANGIN MERDİVENİ istiyoruz", true},
	    {"DIS-14", "yangn var", false},
	    {"DIS-14", "Geçen yıl yangın çıkmıştı. Yine duman var", false},
	    {"DIS-14", "Yangın alarmı çalıyor, binada duman var", false},
	    {"DIS-14", "Yangın merdiveninde adam var, düşecek", false},
	    {"DIS-14", "Yangın tüpü yetmedi, yardım edin", false},
	    {"DIS-06", "gaz faturası", true},
	    {"DIS-06", "Doğalgaz bağlatmak istiyorum", true},
	    {"DIS-06", "kombi gaz kaçırıyo", false},
	    {"DIS-06", "Doğalgaz saati sızdırıyor", false},
	    {"DIS-03", "Rögar kapağı çok ses yapıyor", true},
	    {"DIS-03", "Geçen yıl rögarın kapağını aldılar", false},
	    {"SOS-07", "Bu hizmeti şiddetle kınıyorum", true},
	    {"IMR-09", "Deprem toplanma alanı neresi", true},
	    {"PRK-04", "geçen yıl ağaç devrildi", false},
	};
	struct arena *a = arena_new(0);

	(void)state;
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		if (dangers_calm(a, text_fold_tr(a, list[i].text), list[i].topic) != list[i].calm)
			fail_msg("%s: \"%s\"", list[i].topic, list[i].text);
	arena_free(a);
}

static void
test_the_phrase_is_told(void **state)
{
	struct arena *a = arena_new(0);
	const char *phrase = NULL;
	char long_word[10000] = "";

	(void)state;
	assert_non_null(find(a, "Merhaba. Dün akşamdan beri GAZ çok fena KOKUYOR burada", &phrase));
	assert_string_equal(phrase, "gaz cok fena kokuyor");
	assert_non_null(find(a, "yangın” gizli\tvar", &phrase)); /* what quotes it can be told from the rest */
	assert_string_equal(phrase, "yangin gizli var");
	memset(long_word, 'a', sizeof(long_word) - 1);
	memcpy(long_word, "alevler", 7);
	assert_non_null(find(a, long_word, &phrase));
	assert_int_equal(strlen(phrase), 120);
	assert_null(find(a, "Gaz lazım. Çok kötü bir çöp var, kokuyor", &phrase)); /* not in one sentence */
	arena_free(a);
}

static void
test_every_row_is_whole(void **state)
{
	(void)state;
	for (const struct danger *row = danger_rows; row->words; row++) {
		assert_true(strlen(row->words) > 0 && strlen(row->emergency) > 0);
		assert_true(strlen(row->reason_tr) > 0 && strlen(row->reason_en) > 0);
		assert_null(strstr(row->words, "  "));
		assert_null(strstr(row->words, "||"));
		assert_true(!row->unless || !strchr(row->unless, ' '));
	}
}

static void
test_find_takes_anything(void **state)
{
	struct arena *a = arena_new(0);
	char *large = arena_alloc(a, 300001);
	const char *phrase = NULL;

	(void)state;
	for (size_t i = 0; i + 8 < 300000; i += 8)
		memcpy(large + i, "elektrik", 8);
	assert_null(find(a, large, &phrase));
	for (size_t i = 3; i < 300000; i += 4)
		large[i] = ' ';
	assert_null(find(a, large, &phrase));
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_dangers_are_found),
	    cmocka_unit_test(test_what_is_over_denied_or_feared_is_none),
	    cmocka_unit_test(test_calm_texts_of_a_topic_alarm_nobody),
	    cmocka_unit_test(test_the_phrase_is_told),
	    cmocka_unit_test(test_every_row_is_whole),
	    cmocka_unit_test(test_find_takes_anything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
