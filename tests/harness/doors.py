"""doors: applications of the year as their channels bring them: webhooks of Meta's platforms, mails, a file of CİMER, and forms of
the desk for all else. One message is one application: no two have a sender in common. Only the standard library.
"""

import csv
import email.message
import email.policy
import email.utils
import hashlib
import hmac
import json
import time

import channels

WEBHOOKS = {"whatsapp": "whatsapp", "facebook": "messenger", "instagram": "instagram"}  # channel: its address
CIMER_KINDS = {"request": "İstek", "complaint": "Şikâyet", "suggestion": "Görüş-Öneri", "tip_off": "İhbar",
               "information_request": "Bilgi Edinme", "thanks": "Teşekkür"}
CIMER_HEAD = ("Başvuru No", "Tarih", "Tür", "Konu", "Metin", "Ad Soyad", "T.C.", "Telefon", "E-posta", "Adres", "Gizlilik",
              "Son Cevap Tarihi", "Sevk Eden", "Ekler")
MAILBOX = "basvuru@example.org"


def carrier(channel):
    """"webhook", "mail", "file" or "form"."""
    return "webhook" if channel in WEBHOOKS else {"email": "mail", "cimer": "file"}.get(channel, "form")


def key(channel, place, application):
    """What the application is known by on both sides: the channel's own id of the message."""
    return {"email": application["external_id"] + "@example.org", "cimer": f"20{place:08d}"}.get(
        channel, application["external_id"])


# -- webhooks

def whatsapp(place, application, now):
    number = f"90500{place:07d}"
    return channels.whatsapp({"id": application["external_id"], "from": number, "timestamp": str(now), "type": "text",
                              "text": {"body": application["text"]}}, number=number)


def messaging(kind, identity):
    def make(place, application, now):
        message = {"sender": {"id": f"5{place:09d}"}, "recipient": {"id": identity}, "timestamp": now * 1000,
                   "message": {"mid": application["external_id"], "text": application["text"]}}
        return {"object": kind, "entry": [{"id": identity, "time": now * 1000, "messaging": [message]}]}
    return make


BODIES = {"whatsapp": whatsapp, "facebook": messaging("page", channels.PAGE_ID),
          "instagram": messaging("instagram", channels.INSTAGRAM_ID)}


def webhook(channel, place, application):
    """(address, signature, body) of the one message."""
    body = json.dumps(BODIES[channel](place, application, int(time.time())), ensure_ascii=False).encode()
    secret = channels.SECRETS[WEBHOOKS[channel]][0].encode()
    return "/webhooks/" + WEBHOOKS[channel], "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest(), body


# -- mails

def mail(place, application):
    """The bytes of a mail to the municipality."""
    message = email.message.EmailMessage(policy=email.policy.SMTP)
    applicant = application["applicant"]
    message["From"] = f"\"{applicant['name']}\" <{applicant['email']}>"
    message["To"], message["Subject"] = MAILBOX, application["subject"]
    message["Message-ID"] = f"<{key('email', place, application)}>"
    message["Date"] = email.utils.formatdate()
    message.set_content(application["text"])
    return message.as_bytes()


# -- CİMER's file

def cimer_row(place, application):
    applicant, when = application["applicant"], application["received_at"]
    return (key("cimer", place, application), f"{when[8:10]}.{when[5:7]}.{when[:4]} {when[11:16]}", CIMER_KINDS[application["kind"]],
            application.get("subject", ""), application["text"], applicant.get("name", ""), applicant.get("national_id", ""),
            applicant.get("phone", ""), applicant.get("email", ""), application.get("location", {}).get("address", ""),
            "Evet" if applicant.get("hide_identity") else "Hayır", "", "", "")


def write_cimer(path, rows):
    with open(path, "w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=";").writerows([CIMER_HEAD, *rows])
