#!/usr/bin/env python3
"""flow: Facebook pages, Instagram and Telegram, end to end: direct messages are gathered as WhatsApp's are, what is said in public is
an application at once and answered in private only, echoes are dropped; everything sent twice counts once. I-02"""

import json
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
import channels  # noqa: E402
import system as kopru  # noqa: E402

S = kopru.System()
META = channels.Simulator("meta", S.folder)
TELEGRAM = channels.Simulator("telegram", S.folder)
S.settings["intake"] = {"INTAKE_CHANNELS_FILE": channels.write(S.folder, META.url, TELEGRAM.url, idle=1)}
TAP = kopru.Tap()
PHOTO = os.path.join(kopru.TOP, "tests/data/channels/photo.jpg")
FACEBOOK, INSTAGRAM, TELEGRAM_CHANNEL = "9", "10", "14"


def send(source, *bodies):
    """Each of them twice."""
    simulator = TELEGRAM if source == "telegram" else META
    statuses = simulator.deliver(list(bodies), socket=S.path("intake.sock"), path=f"/webhooks/{source}",
                                 secret=channels.SECRETS[source][1], repeat=2)
    assert all(each == [200, 200] for each in statuses), statuses


def event(part, value, sender="300000000000001", account=channels.PAGE_ID):
    return {"sender": {"id": sender}, "recipient": {"id": account}, "timestamp": 1764100000123, part: value}


def page(*events):
    return {"object": "page", "entry": [{"id": channels.PAGE_ID, "time": 1764100000000, "messaging": list(events)}]}


def feed(**value):
    return {"object": "page", "entry": [{"id": channels.PAGE_ID, "time": 1764100000, "changes": [{"field": "feed", "value": value}]}]}


def instagram(**entry):
    return {"object": "instagram", "entry": [{"id": channels.INSTAGRAM_ID, "time": 1764100000, **entry}]}


def update(number, **part):
    who = {"id": 500000001, "is_bot": False, "first_name": "Deneme", "last_name": "Kişi"}
    message = {"message_id": number, "from": who, "chat": {"id": 500000001, "type": "private"}, "date": 1764100000 + number}
    return {"update_id": 900000000 + number, "message": {**message, **part}}


def application_of(message, told=None):
    """The row of the application that a message is in, once its sender was told."""
    def row():
        return S.value(f"SELECT x.channel, x.body, x.number, coalesce(x.source_url, ''), coalesce(x.applicant_name, ''), d.told, x.id "
                       f"FROM intake.message m JOIN intake.draft d ON d.id = m.draft_id "
                       f"JOIN intake.application x ON x.id = d.application_id WHERE m.external_id = '{message}'").split("|")
    kopru.wait_until(lambda: len(row()) == 7 and (not told or row()[5] == told), 15, f"{message} is in an application, told {told}",
                     lambda: S.sql("SELECT source, state, verdict FROM intake.inbound; SELECT * FROM intake.draft") + S.tail("intake", 2000))
    return row()


def told_of(simulator, number):
    return [line for line in simulator.lines("message") if number in line["text"]]


def starts():
    S.start("intake", "router")


def messages_to_the_page_are_one_application():
    META.media("fb1", PHOTO, "image/jpeg")
    send("messenger", page(event("message", {"mid": "m_1", "text": "Park aydınlatması yanmıyor"})),
         page(event("message", {"mid": "m_2", "attachments": [{"type": "image", "payload": {"url": f"{META.url}/public/fb1"}}]}),
              event("message", {"mid": "m_3", "text": "bizden", "is_echo": True}, sender=channels.PAGE_ID, account="300000000000001"),
              event("read", {"watermark": 1})))
    channel, body, number, _, _, _, application = application_of("m_1", "sent")
    assert (channel, body) == (FACEBOOK, "Park aydınlatması yanmıyor"), (channel, body)
    assert application_of("m_2")[6] == application
    assert S.value(f"SELECT count(*) FROM intake.attachment WHERE application_id = '{application}'") == "1"
    told = told_of(META, number)
    assert [line["to"] for line in told] == [{"id": "300000000000001"}] and told[0]["sender"] == channels.PAGE_ID, told
    assert S.value("SELECT count(*) FROM intake.message WHERE external_id = 'm_3'") == "0"
    assert not META.lines("leaked")


def a_comment_is_an_application_and_answered_in_private():
    value = {"item": "comment", "verb": "add", "comment_id": "2_3", "post_id": "1_2", "created_time": 1764100000,
             "from": {"id": "300000000000002", "name": "Deneme Kişi"}, "message": "Bizim sokak ne zaman asfaltlanacak?",
             "post": {"permalink_url": "https://www.facebook.com/permalink/1"}}
    ours = {**value, "comment_id": "2_4", "from": {"id": channels.PAGE_ID, "name": "Belediye"}, "message": "Teşekkürler"}
    like = {"item": "reaction", "verb": "add", "post_id": "1_2", "reaction_type": "like", "from": {"id": "3", "name": "x"}}
    send("messenger", feed(**value), feed(**ours), feed(**like))
    channel, body, number, url, name, _, _ = application_of("2_3", "sent")
    assert (channel, body, url, name) == (FACEBOOK, value["message"], "https://www.facebook.com/permalink/1", "Deneme Kişi")
    told = told_of(META, number)
    assert [line["to"] for line in told] == [{"comment_id": "2_3"}], told
    assert S.value("SELECT count(*) FROM intake.message WHERE external_id = '2_4'") == "0"
    send("instagram", instagram(changes=[{"field": "comments", "value": {
        "id": "18000000000000001", "from": {"id": "400000000000001", "username": "deneme"}, "text": "Park istiyoruz",
        "media": {"id": "18100000000000001"}}}]))
    channel, body, number, _, _, _, _ = application_of("18000000000000001", "sent")
    assert (channel, body) == (INSTAGRAM, "Park istiyoruz")
    assert [line["to"] for line in told_of(META, number)] == [{"comment_id": "18000000000000001"}]
    # Nothing was ever said in public: the simulator knows no other way than messages to one person.
    assert not META.lines("malformed") and not META.lines("refused"), (META.lines("malformed"), META.lines("refused"))


def instagram_brings_messages_too():
    send("instagram", instagram(messaging=[event("message", {"mid": "ig_1", "text": "Çöp alınmadı"}, account=channels.INSTAGRAM_ID)]))
    channel, body, number, _, _, _, _ = application_of("ig_1", "sent")
    assert (channel, body) == (INSTAGRAM, "Çöp alınmadı")
    assert told_of(META, number)[0]["sender"] == channels.INSTAGRAM_ID


def a_bot_of_telegram_is_a_door():
    TELEGRAM.media("photo-l", PHOTO, "image/jpeg")
    sizes = [{"file_id": "photo-s", "width": 90, "height": 68}, {"file_id": "photo-l", "width": 640, "height": 480}]
    send("telegram", update(1, text="/start"), update(2, text="Kaldırım bozuk"), update(3, photo=sizes, caption="burası"),
         update(4, location={"latitude": 37.87, "longitude": 32.49}),
         {"update_id": 900000050, "channel_post": {"message_id": 1, "chat": {"id": -1, "type": "channel"}, "text": "duyuru"}},
         {"update_id": 900000051, "edited_message": {**update(2, text="Kaldırım çok bozuk")["message"], "edit_date": 1764100900}})
    channel, body, number, _, name, _, application = application_of("500000001/2", "sent")
    assert (channel, body, name) == (TELEGRAM_CHANNEL, "Kaldırım çok bozuk\nburası", "Deneme Kişi"), (channel, body, name)
    assert {application_of(f"500000001/{n}")[6] for n in (3, 4)} == {application}
    assert S.value(f"SELECT latitude_e7 FROM intake.application WHERE id = '{application}'") == "378700000"
    assert S.value(f"SELECT count(*) FROM intake.attachment WHERE application_id = '{application}'") == "1"
    told = told_of(TELEGRAM, number)
    assert [line["to"] for line in told] == ["500000001"]
    # What answers the message that told the number belongs to it.
    answer = update(9, text="Ne zaman onarılır?")
    chat, identity = told[0]["message"].split("/")
    answer["message"]["reply_to_message"] = {"message_id": int(identity), "chat": {"id": int(chat), "type": "private"}}
    send("telegram", answer)
    kopru.wait_until(lambda: S.value("SELECT d.ended_as || ' ' || coalesce(d.application_id::text, '') FROM intake.message m JOIN intake.draft d "
                                     "ON d.id = m.draft_id WHERE m.external_id = '500000001/9'") == f"addition {application}", 15,
                     "the answer is added", lambda: S.tail("intake"))


def everything_twice_is_everything_once():
    time.sleep(2)
    assert S.value("SELECT count(*) FROM intake.application") == "5"
    assert S.value("SELECT count(*) FROM intake.draft WHERE state <> 'done'") == "0"
    assert S.value("SELECT count(*) FROM intake.inbound WHERE state NOT IN ('done', 'ignored')") == "0"
    told = [json.dumps([line.get("sender"), line["to"]]) for simulator in (META, TELEGRAM) for line in simulator.lines("message")]
    assert len(told) == len(set(told)) == 5, told


TESTS = (
    starts,
    messages_to_the_page_are_one_application,
    a_comment_is_an_application_and_answered_in_private,
    instagram_brings_messages_too,
    a_bot_of_telegram_is_a_door,
    everything_twice_is_everything_once,
)
try:
    for test in TESTS:
        TAP.run(test.__name__, test)
finally:
    META.close()
    TELEGRAM.close()
    S.close()
TAP.end()
