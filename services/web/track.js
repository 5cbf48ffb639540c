// The tracking page: number and access code come from the fragment (#no=...&kod=...), which browsers never send to a
// server, or from the form; the answer of /api/v1/track is shown as text, never as markup.
"use strict";

const WORDS = {
	tr: {
		number: "Başvuru numarası",
		status: "Durum",
		kind: "Tür",
		department: "İlgili birim",
		topic: "Konu",
		received_at: "Alındığı tarih",
		due_on: "Cevap için son gün",
		changed_at: "Son değişiklik",
		subject: "Konu başlığı",
		text: "Başvurunuz",
		missing: "Başvuru numarasını ve takip kodunu yazın.",
		wrong: "Bu numara ve takip koduyla bir başvuru bulunamadı. İkisini de denetleyip yeniden deneyin.",
		busy: "Şu anda çok sayıda sorgu var. Lütfen biraz sonra yeniden deneyin.",
		broken: "Hizmete şu anda ulaşılamıyor. Lütfen biraz sonra yeniden deneyin.",
	},
	en: {
		number: "Application number",
		status: "Status",
		kind: "Kind",
		department: "Department",
		topic: "Topic",
		received_at: "Received",
		due_on: "Answer due by",
		changed_at: "Last change",
		subject: "Subject",
		text: "Your application",
		missing: "Enter the application number and the access code.",
		wrong: "No application was found with this number and access code. Check both and try again.",
		busy: "There are many requests right now. Please try again a little later.",
		broken: "The service cannot be reached right now. Please try again a little later.",
	},
};

const language = document.documentElement.lang;
const words = WORDS[language];
const element = (id) => document.getElementById(id);

function day(text, withTime) {
	// A date without a time is a day of the calendar here, not an instant.
	const date = withTime ? new Date(text) : new Date(text + "T12:00:00+03:00");
	const options = { timeZone: "Europe/Istanbul", dateStyle: "long" };
	if (withTime)
		options.timeStyle = "short";
	return isNaN(date) ? text : new Intl.DateTimeFormat(language === "en" ? "en-GB" : language, options).format(date);
}

function pair(list, name, text) {
	const term = document.createElement("dt");
	const value = document.createElement("dd");
	term.textContent = name;
	value.textContent = text;
	element(list).append(term, value);
}

function fact(name, text) {
	if (text !== undefined && text !== null && text !== "")
		pair("facts", words[name], text);
}

function show(answer) {
	element("facts").replaceChildren();
	element("steps").replaceChildren();
	fact("number", answer.number);
	fact("status", answer.status_text);
	fact("kind", answer.kind_text);
	fact("department", answer.department);
	fact("topic", answer.topic);
	fact("received_at", answer.received_at && day(answer.received_at, true));
	fact("due_on", answer.due_on && day(answer.due_on, false));
	fact("changed_at", answer.changed_at && day(answer.changed_at, true));
	fact("subject", answer.subject);
	fact("text", answer.text);
	for (const step of answer.history || [])
		pair("steps", day(step.at, true), step.status_text);
	element("result").hidden = false;
	element("result").focus();
}

function complain(text) {
	element("result").hidden = true;
	element("problem").textContent = text;
}

async function ask(number, code) {
	let response;
	try {
		response = await fetch("/api/v1/track", {
			method: "POST",
			headers: { "Content-Type": "application/json", "Accept-Language": language },
			body: JSON.stringify({ number: number, access_code: code }),
			cache: "no-store",
			credentials: "omit",
		});
		if (response.ok)
			return show(await response.json());
	} catch {
		return complain(words.broken);
	}
	if (response.status === 429)
		complain(words.busy);
	else
		complain(response.status < 500 ? words.wrong : words.broken);
}

async function submit(event) {
	if (event)
		event.preventDefault();
	const number = element("number").value.trim().toUpperCase();
	const code = element("code").value.trim();
	complain("");
	if (!number || !code) {
		complain(words.missing);
		element(number ? "code" : "number").focus();
		return;
	}
	element("ask").disabled = true;
	await ask(number, code);
	element("ask").disabled = false;
}

function readFragment() {
	const given = new URLSearchParams(location.hash.slice(1));
	element("other").hash = location.hash;
	if (!given.has("no"))
		return;
	element("number").value = given.get("no");
	element("code").value = given.get("kod") || "";
	submit();
}

element("form").addEventListener("submit", submit);
window.addEventListener("hashchange", readFragment);
readFragment();
