/* deciding_dangers: the table of words of danger. Folded; "yo" stands for "yor", which many leave unfinished. */
#include <stddef.h>

#include "services/router/deciding_danger.h"

#define FIRE "DIS-14", "112", "yangın", "fire"
#define GAS "DIS-06", "187, 112", "gaz kaçağı", "gas leak"
#define POISONED NULL, "112", "zehirlenme", "poisoning"
#define CURRENT "DIS-04", "112, 186", "elektrik tehlikesi", "live electricity"
#define MANHOLE "DIS-03", "112", "açık rögar ya da kuyu", "open manhole or well"
#define FALL NULL, "112", "düşen ya da kapana kısılan biri", "somebody fell in or is trapped"
#define INJURY NULL, "112", "yaralı ya da hayati tehlikedeki biri", "somebody is injured or in mortal danger"
#define WATER "DIS-02", "112", "su baskını", "flood"
#define SUICIDE NULL, "112", "intihar tehlikesi", "danger of suicide"
#define VIOLENCE "SOS-07", "112, 183", "şiddet", "violence"
#define ATTACK "DIS-10", "112", "saldırı, kavga ya da silah", "assault, fight or weapon"
#define COLLAPSE NULL, "112", "çökme tehlikesi", "danger of collapse"
#define SITE "IMR-02", "112", "tehlikeli inşaat ya da kazı", "dangerous construction site"
#define DAMAGE "IMR-09", "112", "hasarlı bina", "damaged building"
#define TREE "PRK-04", "112", "devrilen ağaç ya da dal", "fallen tree or branch"
#define MISSING "DIS-10", "112", "kayıp çocuk ya da yaşlı", "missing child or elderly person"

#define FEARED                                                                                                         \
	"merdiven|tup|tupu|tupleri|=sondurme|=sonduruldu|=sondu|=sonmus|cikis|cikisi|alarm|riski|tehlikesi|ihtimali|"  \
	"sigorta|raporu|tatbikat|hidrant|dolabi|musluk|onlem|egitim|cikabilir|cikarsa|cikmasin|cikmadan|cikacak|"      \
	"cikar|"                                                                                                       \
	"olmasin|yeri|kulesi|sonrasi|kapisi|seminer|endise|ciksa|mevsim|onceki"
#define ANIMAL                                                                                                         \
	"kedi|kopek|kopeg|kus|hayvan|=yavru|yavrusu|yavrula|esek|leylek|guvercin|kaplumbaga|tilki|inek|koyun|=kuzu|"   \
	"=kanadi|patisi|kirpi|=marti|martilar|karga|baykus|serce|yilan|=kaz|=kazlar"
#define FOOD "yemek|lokanta|restoran|market|doner|tavuk|gida|urun|sut|urunu|kopek|kedi|kus|balik"

const struct danger danger_rows[] = {
    {"yangin cikti|cikmis|var|basla|buyuyo|yayil|suruyo|ihbar|devam", FEARED, false, FIRE},
    {"=yangin|=yangina|=yanginda|=yangini", FEARED "|gecen|gecti|yonetmelik|yer", false, FIRE},
    {"alev aldi|almis|alan|yuksel|cikiyo|cikti|cikmis|sardi|icinde|bildir", NULL, false, FIRE},
    {"alevler", NULL, false, FIRE},
    {"ates buyudu|buyuyo|yayildi|yayiliyo|sicradi", "bocek", false, FIRE},
    {"ormanda|ormandan|tarladan|anizdan|samanliktan duman", NULL, false, FIRE},
    {"ev|bina|daire|apartman|arac|araba|otobus|konteyner|cop|ot|otlar|arazi|tarla|arsa|agac|cati|dukkan|depo|fabrika|"
     "aniz|baraka|ahir|saman|orman|mutfak|lastik|dolap|balya|baca|anizlar|evimiz|evim|evi "
     "yaniyo|yandi|tutustu|tutusmus|tutusuyo|yanmaya",
	"lamba|isik|elektrik|soba|cani|icim", false, FIRE},
    {"itfaiye|itfaiyeye|itfaiyeyi gelsin|gonder|cagir|lazim|acil|yetis|gelmedi|kurtar|bekliyo|haber",
	"tesekkur|kedi|leylek|raporu", false, FIRE},
    {"gaz|dogalgaz|tupgaz koku|kacag|kacak|kaciriyo|kaciyo|sizinti|siziyo|sizdir", "egzoz|biber|borcu|faturasi", false,
	GAS},
    {"koku|kokuyo|kokusu gaz|dogalgaz", "egzoz|biber", false, GAS},
    {"dogalgaz|gaz boru|hatti|vana|vanasi deldi|delindi|delin|kirildi|kirdi|kirik|patladi|hasar|zarar|fiskir", NULL,
	false, GAS},
    {"gaz fiskir", NULL, false, GAS},
    {"tislama|tiss|tisss ses", NULL, false, GAS},
    {"gaz alarmi caliyo|otuyo", NULL, false, GAS},
    {"smell =of gas", NULL, false, GAS},
    {"=gas leak|smell|leaking", NULL, false, GAS},
    {"=fire =in|building|house|=on|=at|brigade", "station|extinguisher|hydrant|phone|number", false, FIRE},
    {"=fire",
	"station|extinguisher|hydrant|phone|number|department|escape|alarm|exit|insurance|drill|safety|hazard|risk|"
	"verdi|veriyo|"
	"orani",
	false, FIRE},
    {"fell|fallen|falling|falls =into|=in|=down =a|=the|=an|well|manhole|hole|pit|sewer|shaft", "=cat|=dog|=bird|=love",
	false, FALL},
    {"=kill =myself|=himself|=herself", NULL, false, SUICIDE},
    {"=suicide", "prevention|seminar", false, SUICIDE},
    {"=beating|=beats|=hitting|=hits =his|=her wife|children|child|kids|=son|daughter|mother", NULL, false, VIOLENCE},
    {"=bare|=live|=exposed|=fallen|=broken electric|=power|=wire|=wires|cable", NULL, true, CURRENT},
    {"ceiling|roof|wall|building|balcony collapsed|collapsing", NULL, true, COLLAPSE},
    {"flood|flooded|flooding =in|=our|=the|=my basement|house|=home|=flat|=street|building", NULL, false, WATER},
    {"=child|=son|daughter|=kid|=baby missing|disappeared|kidnapped", NULL, false, MISSING},
    {"=open|=uncovered|=missing manhole", NULL, true, MANHOLE},
    {"manhole =open|=missing|=without|=uncovered|=gone|=stolen|=no", NULL, true, MANHOLE},
    {"=tree|=trees =fell|=fallen|=falling", NULL, true, TREE},
    {"evden|binadan|daireden|catidan|komsudan|apartmandan duman", "baca|soba|sobasi|komur|mangal|ocak|isinma", false,
	FIRE},
    {"duman cikiyo|geliyo|yukseliyo evden|binadan|daireden|catidan|apartmandan", "baca|soba|sobasi|komur|mangal|ocak",
	false, FIRE},
    {"injured|unconscious|bleeding|trapped", "cat|dog|=bird", false, INJURY},
    {"husband|father|boyfriend|=he beats|hits|beating|threatens =me|=us|=her", NULL, false, VIOLENCE},
    {"tup|tupu|kombi|kazan patladi|patliyo|kaciriyo", NULL, false, GAS},
    {"karbonmonoksit|karbon =monoksit", "alarm", false, POISONED},
    {"soba|sobadan|dumandan|gazdan zehirlen", NULL, false, POISONED},
    {"zehirlen", FOOD "|toprak|agac|riski|denetle|onlem|egitim|seminer", false, POISONED},
    {"elektrik tel|teli|teller|kablo|hat|hatti|direk|direg|pano|kutu|trafo|akim "
     "kopmus|koptu|kopuk|kopan|sarki|yerde|yere|acikta|ciplak|devril|yikil|patla|kivilcim|egil|kapag",
	NULL, true, CURRENT},
    {"tel|teli|teller|kablo|hatti kopmus|koptu|kopuk|kopan|yere|yerde|carpi|carpa", "internet|telefon|fiber|cit", true,
	CURRENT},
    {"elektrik carpti|carpi|carpa|carpmis|kacag", NULL, false, CURRENT},
    {"akima|akimina kapildi|kapilmis|kapilan", NULL, false, CURRENT},
    {"akim kacag|kaciriyo|veriyo", NULL, false, CURRENT},
    {"direk|direg kivilcim|patladi|ciplak|cizirdi", NULL, true, CURRENT},
    {"pano|panosu|trafo|kablo|kablolar kivilcim|patladi|patliyo|yaniyo|ciplak", NULL, true, CURRENT},
    {"kivilcim saciyo|cikiyo|atiyo|sacti|cikti|sacan", NULL, false, CURRENT},
    {"yuksek gerilim", NULL, true, CURRENT},
    {"kuyu|kuyuya|kuyusuna|rogar|rogara|mazgal|mazgala|logar|logara|foseptik|menhol|havuza|kanala|cukura|insaattan|"
     "iskeleden|balkondan|catidan dustu|dusmus|dusuyo|dusen|dusecek",
	"telefon|=top|=topu|=topumuz|anahtar|motosiklet|teker|lastik|" ANIMAL, false, FALL},
    {"rogar|logar|rokar|mazgal|menhol|kanalizasyon|izgara kapag|kapak|=kapaksiz "
     "yok|acik|calin|kirik|kiril|cokmus|coktu|eksik|kaymis|kayip|kopmus|yerinde|oynuyo|cukur",
	NULL, true, MANHOLE},
    {"rogar|logar|mazgal|menhol|kuyu acik|kapaksiz|agzi", "acikla", true, MANHOLE},
    {"mahsur", ANIMAL, false, FALL},
    {"enkaz alti|altinda", NULL, false, FALL},
    {"gocuk alti|altinda", NULL, false, FALL},
    {"asansor|asansorde kaldi|kalan|kaldik|sikis", NULL, false, FALL},
    {"boguldu|boguluyo|bogulan|bogulmak|bogulmus", "kedi|ses|gurultu|toz|duman|borc|koku", false, FALL},
    {"arac|aracta|arabada|icerde|iceride|adam|kadin|biri|cocuk sikismis|sikisti|sikisan",
	"trafik|park|kapi|kedi|kopek|=yavru|yavrusu|yavrula", false, FALL},
    {"sele|suya|sel kapil|suruklen", NULL, false, FALL},
    {"yarali|yaralilar|yaralandi|yaralanan|yaralanmis|yaraladi|yaralanip", ANIMAL, false, INJURY},
    {"bilinci|bilincini kapali|kaybet|yok|yerinde", NULL, false, INJURY},
    {"baygin|bayilmis|bayilip|bayilan", "koku|kokudan|lezzet|" ANIMAL, false, INJURY},
    {"biri|adam|kadin|annem|babam|yasli|teyze|amca bayildi|bayiliyo|fenalasti", NULL, false, INJURY},
    {"nefes =alamiyor|=alamiyo|=almiyor|=almiyo|=alamiyorum",
	"=yavru|yavrusu|yavrula|kedi|kopek|gubre|koku|kokudan|toz|tozdan|duman|dumandan|cop|klima|havasiz|rahat", false,
	INJURY},
    {"kalp krizi", NULL, false, INJURY},
    {"kan kaybi|kaybed|icinde|revan", NULL, false, INJURY},
    {"kanamasi|kanama", ANIMAL, false, INJURY},
    {"ambulans gelmedi|gelmiyo|gelemi|giremi|gecemi|lazim|cagir|gonder|ulasami|yetis|bekliyo|yolla",
	"tesekkur|randevu|randevusu|nakil|hayvan|bile|dar|veteriner", false, INJURY},
    {"diyaliz|oksijen|solunum gidemi|ulasami|bitti|bitiyo|kesik|kesin|kapali|mahsur|kar|calismiyo|yetis", NULL, false,
	INJURY},
    {"hasta|hastam|yasli|yatalak|hamile|gebe|bebek|bebeg|engelli|nine|dede|anne|baba|teyze|amca|yasinda|hastaneye|"
     "doktora|ilac|"
     "ilacini|ilacim|ilaclari +cikami|gidemi|alami|ulasami|mahsur|kalmadi|bitti|bitmis|bitiyo|goturemi|giremi "
     "+kar|kardan|karda|tipi|"
     "buz|buzlanma|buzdan|sel|selden",
	ANIMAL, false, INJURY},
    {"ilaci|ilaclari bitti|bitmis|bitiyo|alami|kalmadi", "ilacla|sinek|bocek", false, INJURY},
    {"hayati =tehlike|tehlikesi|risk", NULL, false, INJURY},
    {"olum =tehlikesi|kalim|dosegi", NULL, false, INJURY},
    {"imdat", NULL, false, INJURY},
    {"donmak uzere", NULL, false, INJURY},
    {"soguktan|donarak|ayazda donuyo|donacak|donmus|olecek|olebil|olmek", "boru|tesisat|sayac|saati|" ANIMAL, false,
	INJURY},
    {"cocuga|cocuguma|cocugumuza|yayaya|kadina|adama|anneme|babama|kisiye|ogrenciye carpti|carpmis|vurdu", NULL, false,
	INJURY},
    {"kopek|kopeg|kopekler cocug|cocuk|cocuga|cocuklara|kadina|yasliya|adama|bana|kizima|ogluma|anneme|babama "
     "saldirdi|saldirmis|saldirip|parcala|yarala",
	NULL, false, "VET-01", "112", "köpek saldırısı", "attack by dogs"},
    {"isirdi|isirmis|isiril|isirdilar", "kedi|sinek|bocek|otu", false, "VET-01", "112", "ısırılan biri",
	"somebody was bitten"},
    {"evi|evimi|evimizi|bodrum|bodrumu|ev|daireyi|zemin su bast|sel", NULL, false, WATER},
    {"lagim|kanalizasyon|logar|rogar|foseptik|pis geri|tasti|tasiyo|tasmis", NULL, true, WATER},
    {"ev|evi|evimiz|bodrum|zemin|daire|dukkan sular|su =altinda", NULL, false, WATER},
    {"sel|sular|sulari ev|eve|evimiz|evlere|bodruma|daireye|dukkana girdi|giriyo|doldu|doluyo", NULL, false, WATER},
    {"sel geldi|geliyo|basti|basiyo|felaketi|var", NULL, false, WATER},
    {"kopruden|balkondan|catidan|binadan|pencereden atlayacak|atlamak|atlamaya|atladi|atlicak|sarkiyo", ANIMAL, false,
	SUICIDE},
    {"intihar", "seminer|onleme|egitim|konferans|panel", false, SUICIDE},
    {"kendimi|kendini oldur|asaca|asarim|yakaca|yakarim|atacag|atacak|ataca", NULL, false, SUICIDE},
    {"canima|canina kiyaca|kiymak|kiyar", NULL, false, SUICIDE},
    {"yasamak =istemiyorum|istemiyo", "mahalle|burada|sokak|evde|boyle|bu", false, SUICIDE},
    {"olmek istiyo|uzere", ANIMAL, false, SUICIDE},
    {"hayatima|yasamima son", NULL, false, SUICIDE},
    {"siddet goruyo|gordu|goren|gormek|uygulu|uyguladi|magdur|iceren|tehdidi|var", "yagis|yagmur|ruzgar|deprem", false,
	VIOLENCE},
    {"=siddet|=siddete|=siddeti|=siddetten|=siddetine", "yagis|yagmur|ruzgar|deprem|seminer|egitim|proje|panel", false,
	VIOLENCE},
    {"esim|kocam|kocasi|esi|babam|nisanlim|oglum|sevgilim|karisini|cocugu|cocuklari|=beni|=bana "
     "dovuyo|dovdu|dover|dovul|vuruyo|tehdit|olduru|oldurecek|bicakla",
	NULL, false, VIOLENCE},
    {"dayak yiyo|yedi|atiyo|atti|yiyen", NULL, false, VIOLENCE},
    {"=el kaldiriyo|kaldirdi|kaldiran", NULL, false, VIOLENCE},
    {"yuzu|gozu|kolu|vucudu =mor|morluk|morarmis|morardi", NULL, false, VIOLENCE},
    {"zorla evlendir|nisanlan|goturu|bindir|tutuyo|alikoy", NULL, false, VIOLENCE},
    {"kadini|kizi surukle|surukleye", NULL, false, VIOLENCE},
    {"kapimi|kapimizi tekmel|kiriyo|kirdi|zorlu", "kargo", false, VIOLENCE},
    {"kades|uzaklastirma =karari|kararim|kararini|basti|bastim", NULL, false, VIOLENCE},
    {"taciz|tecavuz|istismar", "parsel|arsa|sinir|tapu|yola|ses|gurultu|motor|egzoz|seminer|egitim", false, VIOLENCE},
    {"dovuyo|dovdu|dovul|dovmus|darp", "demir|hali|" ANIMAL, false, ATTACK},
    {"bicakl|bicakla|bicakli", "sebze|meyve|ekmek", false, ATTACK},
    {"elinde|ellerinde bicak|silah|sopa|satir|pala|tufek|tabanca", NULL, false, ATTACK},
    {"bicak cekti|cekiyo|cekip|salla", NULL, false, ATTACK},
    {"silah sesi|sesleri|sikti|sikiyo|sikildi|cekti|cekiyo|var|patla|atiyo|atildi", NULL, false, ATTACK},
    {"silahli|silahla", "kuvvet", false, ATTACK},
    {"ates ediyo|etti|edil|acti|aciyo|acil", NULL, false, ATTACK},
    {"kavga ediyo|ettiler|eden|var|cikti|cikiyo|oluyo|koptu|buyu|dovus", NULL, false, ATTACK},
    {"oldurecek|olduruyo|oldurmek|oldururum|oldureceg|oldurduler|oldurdu", ANIMAL "|agac|bitki|cicek", false, ATTACK},
    {"=beni|=bizi|=bize|=bana|=ailemi|=ailemizi tehdit", NULL, false, ATTACK},
    {"tehdit ediyo|ediliyo|etti|edildi|aliyo", "saglig|cevre|guvenlig|hastalik|trafig", false, ATTACK},
    {"kacirdi|kaciril|kaciriyo cocug|cocuk|kiz|kadin", "uyku|keyfi|okul|servis|otobus", false, ATTACK},
    {"cocug|cocuk|kiz|kizi|kadini kacirdi|kaciril|kacirmaya|kaciracak", "uyku|keyfi|okul|servis|otobus", false, ATTACK},
    {"rehin", NULL, false, ATTACK},
    {"hirsiz girdi|giriyo|eve|iceride|kaciyo|yakala", NULL, false, ATTACK},
    {"hirsiz var", "kamera", false, ATTACK},
    {"bomba|patlayici|supheli ihbar|var|paket|canta|cisim|duzene", "gibi", false, ATTACK},
    {"patlama oldu|sesi|duyul|meydana", NULL, false, "DIS-10", "112", "patlama", "explosion"},
    {"iskele coktu|devril|cokecek|yikil|sallan|dusecek|duser", NULL, true, SITE},
    {"vinc|vinci devril|sallan|yikil|egil|dusecek", NULL, true, SITE},
    {"toprak|temel|yamac kaydi|kayiyo|kaymasi|kayma|goctu|gocuyo", "yol|yolda|arac|araclar", true, SITE},
    {"temel coktu|cokuyo|cokmus|cukuruna", NULL, true, SITE},
    {"heyelan", NULL, true, SITE},
    {"bina|binamiz|apartman|blok|ev|balkon|cati|istinat|minare|tavan "
     "coktu|cokuyo|cokmus|cokecek|yikildi|yikiliyo|yikilacak|yikilmak|yikilabil|cokmek|devrildi",
	"istiyo|yikilmasini|ruhsat|tapu|serh|vergi|kira", true, COLLAPSE},
    {"=an yikilabil|yikilacak|yikilir|cokebil|cokecek|coker|dusebil|dusecek|duser|devrilebil|devrilecek|devrilir", NULL,
	true, COLLAPSE},
    {"cokmek|yikilmak|devrilmek|dusmek uzere", NULL, true, COLLAPSE},
    {"duvar|duvari yikildi|yikilacak|devrildi|devrilecek|yikilmak|coktu|cokecek", NULL, true, COLLAPSE},
    {"kolon|kolonlar|kolonu|kiris|kirisler|kirisi catla|catlak|patla|kiril|ayrildi|kesti|kesil", NULL, true, DAMAGE},
    {"deprem|depremde|depremden|sarsinti catla|catlak|hasar|ayril|yikil", "raporu|sigorta|yonetmelik", false, DAMAGE},
    {"agac|agaci devril|yikil|dustu|dusmus|dusecek|duser|koptu", "dikilsin|dikil", true, TREE},
    {"dal|dali|dallar|dallari dustu|dusmus|dusecek|duser|dusuyo|koptu|kopmus|kopacak", NULL, true, TREE},
    {"cocug|cocuk|kizim|oglum|kardesim|bebek|torunum|yasli|alzheimer|babam|annem|dedem|ninem "
     "kayip|kayboldu|kaybolmus|bulami|haber",
	"top|oyuncak|evrak|kayit|mezar|=bulundu|=bulduk", false, MISSING},
    {.words = NULL},
};

const struct danger danger_calm_rows[] = {
    {.topic = "DIS-14",
	.words =
	    "yangin|itfaiye tup|tupu|tupleri|merdiven|=sondurme|musluk|muslug|dolap|dolabi|hidrant|tatbikat|yonetmelik|"
	    "yonetmelig|rapor|raporu|egitim|seminer|sigorta|kapisi|cikisi|algilama|alarm|alarmi|sokak|sokag|cadde|"
	    "istasyon|telefon|numara|mudurlug|uygunluk|belgesi|ruhsat|onlem"},
    {.topic = "DIS-14", .words = "kalbim|canim|canimiz|yuregim|icim|icimiz yan|yaniyo"},
    {.topic = "DIS-06",
	.words =
	    "gaz|dogalgaz|dogal fatura|faturam|faturasi|abone|baglan|baglat|baglanti|sayac|saati|bedeli|ucreti|tarife|"
	    "zammi|fiyat|hizmeti|gelsin|gelecek|istiyo|proje|projesi|borcu"},
    {.topic = "DIS-03", .words = "kapag|kapak|kapaklar ses|gurultu|takirti|tikirti|tangir", .lasting = true},
    {.topic = "DIS-10", .words = "kamera|mobese|bekci|devriye", .lasting = true},
    {.topic = "DIS-10", .words = "kavga ettik|etmistik|ettigim|etmeyelim|ettigimiz"},
    {.topic = "DIS-10", .words = "kayip|kaybol =bulundu|=bulduk"},
    {.topic = "DIS-10", .words = "kavgali =oldugum|oldugumuz|=komsum"},
    {.topic = "IMR-09",
	.words = "deprem|depreme|bina|binam|binamiz|yapi "
		 "toplanma|dayanik|sigorta|seminer|egitim|tatbikat|rapor|raporu|testi",
	.lasting = true},
    {.topic = "SOS-07", .words = "siddetle kini|elestir|tavsiye|karsi|reddedi|protesto|oneri", .lasting = true},
    {.topic = "SOS-07", .words = "siddet|siddete|siddeti seminer|egitim|panel|konferans", .lasting = true},
    {.topic = "SOS-07", .words = "siddetli ruzgar|yagis|yagmur|deprem|firtina|dolu", .lasting = true},
    {.words = NULL},
};
