"""year: the applications of 2020, made up from tests/data/examples.csv by a seeded generator.

The mix is the article's: 37,700 at the Hizmet Masası (desk, petition, email, official document, phone), 29,000 over
WhatsApp and social media, 1,210 over CİMER. Each application is made from (seed, its place in the year) alone, so
several processes can make their shares and the same seed always makes the same year. All persons are synthetic.
Only the standard library.
"""

import csv
import datetime
import json
import os
import random

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
YEAR = 2020
SEED = 2020

# How many of the year came over which channel; the article gives the three sums.
MIX = {"desk": 11900, "petition": 5600, "email": 4300, "official_document": 1900, "phone": 14000,
       "whatsapp": 21400, "facebook": 3600, "instagram": 2800, "x": 1200, "cimer": 1210}
FAMILIES = {"hizmet_masasi": ("desk", "petition", "email", "official_document", "phone"),
            "whatsapp_social": ("whatsapp", "facebook", "instagram", "x"), "cimer": ("cimer",)}
TOTAL = sum(MIX.values())

# The channel's own words in the examples.
CHANNELS = {"telefon": "phone", "yuz_yuze": "desk", "dilekce": "petition", "e_posta": "email",
            "resmi_evrak": "official_document", "cimer_internet": "cimer", "cimer_mektup": "cimer"}
KINDS = {"istek": "request", "sikayet": "complaint", "ihbar": "tip_off", "oneri": "suggestion", "soru": "request",
         "tesekkur": "thanks", "bilgi_edinme": "information_request", "spam": "request"}
SOCIAL = FAMILIES["whatsapp_social"]

# Share of those who leave an e-mail address, of those whose address the clerk has verified, of those who give no name.
EMAIL = {"desk": .30, "petition": .25, "email": 1, "official_document": .6, "phone": .15, "whatsapp": .1, "facebook": .2,
         "instagram": .15, "x": .1, "cimer": .5}
VERIFIED = {"desk": .8, "petition": .6, "email": 1, "official_document": 1, "phone": .5, "cimer": 1}
ANONYMOUS = {"phone": .04, "whatsapp": .02, "facebook": .03, "instagram": .03, "x": .05}

# Weights of the months (2020: counters were closed in April and May) and of the hours of a day.
MONTHS_OFFICE = (95, 90, 75, 45, 55, 105, 110, 95, 110, 105, 95, 80)
MONTHS_SOCIAL = (80, 75, 95, 110, 110, 110, 115, 105, 105, 100, 90, 85)
HOURS_OFFICE = {8: 6, 9: 16, 10: 18, 11: 15, 12: 3, 13: 13, 14: 15, 15: 11, 16: 8}
HOURS_SOCIAL = dict(zip(range(24), (3, 2, 1, 1, 1, 1, 2, 4, 7, 9, 10, 10, 10, 9, 9, 9, 9, 9, 10, 11, 12, 12, 9, 6)))
# How much of a working day's number comes on Saturdays and on Sundays and holidays.
WEEKEND = {"desk": (0, 0), "petition": (0, 0), "official_document": (0, 0), "phone": (.35, .2), "email": (.5, .4)}
WEEKEND_SOCIAL = (.8, .7)

OPENINGS = {"social": ("", "", "", "slm ", "selam ", "iyi günler ", "merhaba ", "hayırlı günler ", "başkanım ", "pardon "),
            "phone": ("Arayan: ", "Vatandaş aradı. ", "", "Telefonla bildirdi: "),
            "desk": ("", "Bizzat geldi. ", "Şahsen başvurdu: "),
            "petition": ("Belediye Başkanlığına, ", "Sayın Yetkili, ", ""),
            "official_document": ("İlgi: başvuru hk. ", "", "Gereği için: "),
            "email": ("Merhaba, ", "Sayın yetkili, ", "İyi günler, ", ""), "cimer": ("", "Sayın yetkililer, ")}
CLOSINGS = {"social": ("", "", "", " lütfen", " acil", " teşekkürler", " kolay gelsin", " 🙏", " bi bakarmısınız"),
            "phone": ("", " Geri aranmak istiyor.", " Dönüş bekliyor."), "desk": ("", " Bilgi verilmesini istiyor."),
            "petition": (" Gereğini arz ederim.", " Gereğinin yapılmasını saygılarımla arz ederim.", ""),
            "official_document": (" Gereğini rica ederim.", ""),
            "email": (" Teşekkürler.", " Saygılarımla.", " İyi çalışmalar.", ""), "cimer": (" Gereğini arz ederim.", "")}
STREETS = ("Işık", "Çiçekli", "Gül", "İstasyon", "Ihlamur", "Şehit Öğretmen", "Üzüm", "Kardelen", "Selvi", "Dörtyol",
           "Bağlar", "Yeşilırmak", "Mevlevi", "Ardıçlı", "Öncü", "Uğurlu")
# What someone may say of a topic of the catalogue that no example speaks of.
SENTENCES = ("Mahallemizde {keyword} konusunda sıkıntı var, ilgilenir misiniz?", "{topic} hakkında bilgi almak istiyorum.",
             "{topic}: günlerdir {keyword}, kimse gelmedi.", "Bizim burada {keyword} var, ne zaman bakılacak?",
             "{topic} için başvurmak istiyorum, ne yapmam gerekiyor?", "{keyword} yüzünden mağduruz, çözüm bekliyoruz.")
PLAIN = str.maketrans("çğıöşüÇĞİÖŞÜâîû", "cgiosuCGIOSUaiu")
CAPITALS = str.maketrans("iı", "İI")


def read_csv(*path):
    with open(os.path.join(TOP, *path), encoding="utf-8") as file:
        return list(csv.DictReader(file))


def shares(total):
    """How many of `total` come over which channel: the mix, rounded so that the sum is right."""
    exact = {channel: total * count / TOTAL for channel, count in MIX.items()}
    whole = {channel: int(value) for channel, value in exact.items()}
    lacking = total - sum(whole.values())
    for channel in sorted(exact, key=lambda c: whole[c] - exact[c])[:lacking]:
        whole[channel] += 1
    return whole


class Days:
    """The days of 2020 with the weight that each has for a channel."""

    def __init__(self):
        self.holidays = {row["date"] for row in read_csv("deploy/data/holidays_tr_2020_2030.csv") if row["kind"] == "tam"}
        first = datetime.date(YEAR, 1, 1)
        self.days = [first + datetime.timedelta(days) for days in range(366)]

    def weights(self, channel):
        social = channel in SOCIAL or channel == "cimer"
        months = MONTHS_SOCIAL if social else MONTHS_OFFICE
        saturday, sunday = WEEKEND_SOCIAL if social else WEEKEND[channel]
        factor = (1.12, 1.05, 1, .98, .97, saturday, sunday)
        return [months[day.month - 1] * (sunday if day.isoformat() in self.holidays else factor[day.weekday()])
                for day in self.days]


def schedule(total=TOTAL, seed=SEED):
    """[(received_at in seconds since the year began in Istanbul, channel)], in the order of time."""
    chance, days, entries = random.Random(seed), Days(), []
    for channel, count in shares(total).items():
        hours = HOURS_SOCIAL if channel in SOCIAL or channel in ("cimer", "email") else HOURS_OFFICE
        on = chance.choices(range(366), days.weights(channel), k=count)
        at = chance.choices(list(hours), list(hours.values()), k=count)
        entries += [(day * 86400 + hour * 3600 + chance.randrange(3600), channel) for day, hour in zip(on, at)]
    entries.sort()
    return entries


def origin(channel, place, received_on):
    """What a channel wants besides the application: numbers of the register, the address of the post."""
    if channel == "official_document":
        return {"sender_institution": "Deneme Kurumu", "registry_number": f"E-{place}", "registry_on": received_on}
    if channel == "x":
        post = str(10**15 + place)
        return {"source_url": f"https://x.com/deneme/status/{post}", "external_id": post}
    return {}


class Writer:
    """Writes single applications."""

    def __init__(self, seed=SEED, verified=True):
        self.seed, self.verified = seed, verified
        self.examples = read_csv("tests/data/examples.csv")
        self.topics = read_csv("deploy/data/topics.csv")
        self.by_channel = {}
        for example in self.examples:
            channel = CHANNELS.get(example["channel"], example["channel"])
            self.by_channel.setdefault("social" if channel in SOCIAL else channel, []).append(example)
        self.neighbourhoods = sorted({e["neighbourhood"] for e in self.examples if e["neighbourhood"]
                                      and "(" not in e["neighbourhood"]})
        self.new_year = datetime.datetime(YEAR, 1, 1)

    def application(self, place, second, channel):
        """The body of the application at this place of the year."""
        chance = random.Random(self.seed * 1_000_003 + place)
        family = "social" if channel in SOCIAL else channel
        kind, text, neighbourhood = self.subject_matter(chance, family)
        received_at = self.new_year + datetime.timedelta(seconds=second)
        if channel == "phone" and kind == "information_request":
            kind = "request"  # Law 4982, article 6
        body = {"kind": kind, "text": self.style(chance, channel, family, text), "channel": channel,
                "received_at": received_at.isoformat() + "+03:00", "external_id": self.external_id(place),
                **origin(channel, place, received_at.date().isoformat()), "location": self.location(chance, channel, neighbourhood),
                "applicant": self.applicant(chance, channel, kind, place)}
        if family in ("email", "petition", "official_document", "cimer"):
            body["subject"] = text.split(",")[0].split(".")[0][:60].strip() or "Başvuru"
        return {name: value for name, value in body.items() if value}

    def external_id(self, place):
        return f"R{YEAR}-{self.seed}-{place:07d}"

    def subject_matter(self, chance, family):
        draw = chance.random()
        if draw < .25:
            topic = chance.choice(self.topics)
            keyword = chance.choice(topic["keywords_folded"].split(","))
            text = chance.choice(SENTENCES).format(keyword=keyword, topic=topic["topic_tr"])
            return chance.choice(("request", "complaint", "complaint")), text, chance.choice(self.neighbourhoods)
        own = self.by_channel[family]
        example = chance.choice(own if draw < .75 else self.examples)
        neighbourhood, text = chance.choice(self.neighbourhoods), example["text"]
        if example["neighbourhood"] in self.neighbourhoods:
            text = text.replace(example["neighbourhood"], neighbourhood)
        return KINDS[example["application_type"]], text, neighbourhood

    def style(self, chance, channel, family, text):
        text = chance.choice(OPENINGS[family]) + text
        if chance.random() < .3:
            text += f" {chance.choice(STREETS)} Sokak No: {chance.randrange(1, 300)}"
        text += chance.choice(CLOSINGS[family])
        hasty = channel in SOCIAL
        if chance.random() < (.18 if hasty else .04):
            text = self.misspelt(chance, text)
        if chance.random() < (.25 if hasty else .03):
            text = text.translate(PLAIN)
        if chance.random() < (.05 if hasty else .01):
            text = text.translate(CAPITALS).upper()
        return text

    @staticmethod
    def misspelt(chance, text):
        """One or two letters swapped, left out or doubled."""
        for _ in range(chance.randint(1, 2)):
            at, way = chance.randrange(max(1, len(text) - 1)), chance.randrange(3)
            pair = text[at:at + 2]
            text = text[:at] + (pair[::-1], pair[1:], pair[:1] + pair)[way] + text[at + 2:]
        return text

    @staticmethod
    def location(chance, channel, neighbourhood):
        place = {}
        if chance.random() < .8:
            place["neighbourhood"] = neighbourhood
        if chance.random() < (.35 if channel in SOCIAL else .1):
            place.update(lat=round(chance.uniform(37.82, 37.93), 6), lon=round(chance.uniform(32.48, 32.62), 6))
        if chance.random() < .4:
            place["address"] = f"{chance.choice(STREETS)} Sokak {chance.randrange(1, 300)}"
        return place

    def applicant(self, chance, channel, kind, place):
        if chance.random() < ANONYMOUS.get(channel, 0) * (4 if kind == "tip_off" else 1):
            return {"anonymous": True}
        person = {"name": f"Deneme Şahıs {place}"}
        if channel in ("phone", "whatsapp") or chance.random() < .8:
            person["phone"] = f"0500 000 {chance.randrange(100):02d} {chance.randrange(100):02d}"
        if chance.random() < EMAIL[channel]:
            person["email"] = f"kisi{place}@posta{place % 20}.example.org"
            if self.verified and chance.random() < VERIFIED.get(channel, .1):
                person["email_verified"] = True
        if channel == "petition" and chance.random() < .6 or channel == "desk" and chance.random() < .4:
            person["national_id"] = "11111111110"
        if chance.random() < (.3 if kind == "tip_off" else .03):
            person["hide_identity"] = True
        if chance.random() < .01:
            person["language"] = "en"
        return person

    def body(self, place, second, channel):
        return self.pack(self.application(place, second, channel))

    @staticmethod
    def pack(application):
        return json.dumps(application, ensure_ascii=False).encode()
