// The tracking page: number and access code come from the fragment (#no=...&kod=...), which browsers never send to a
// server, or from the form; the answer of /api/v1/track is shown as text, never as markup. With the same two, the
// applicant replies to a question, adds to the application and withdraws it.
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
		erased: "Bu başvurunun metinleri silinmiştir.",
		merged: "Başvurunuz, aynı konudaki başka bir başvuruyla birlikte inceleniyor. Numaranız, süreniz ve cevabınız size aittir.",
		final_owed: "Ara cevap verildi; kesin cevap ayrıca verilecek.",
		answer_by: "Son yanıt günü",
		final_by: "Kesin cevap için söz verilen gün",
		letter_on: "Yazının tarihi",
		letter_number: "Yazının sayısı",
		institution: "Kurum",
		due_before: "Önceki son gün",
		due_now: "Yeni son gün",
		reason: "Nedeni",
		missing: "Başvuru numarasını ve takip kodunu yazın.",
		missing_reply: "Yanıtınızı yazın.",
		missing_add: "Ekleyeceklerinizi yazın ya da bir dosya seçin.",
		too_many_files: "En çok 10 dosya eklenebilir.",
		empty_file: "Dosya boş: ",
		large_file: "Dosya 20 MB'den büyük: ",
		refused_file: "Dosya alınmadı: ",
		sending: "Dosyalar gönderiliyor…",
		missing_sure: "Geri çekmek istediğinizden emin olduğunuzu işaretleyin.",
		replied: "Yanıtınız alındı.",
		added: "Başvurunuza eklendi.",
		files: "Dosyalar",
		withdrawn: "Başvurunuz geri çekildi.",
		wrong: "Bu numara ve takip koduyla bir başvuru bulunamadı. İkisini de denetleyip yeniden deneyin.",
		conflict: "Başvurunuzun durumu bu arada değişti. Güncel durumu aşağıda görebilirsiniz.",
		busy: "Şu anda çok sayıda sorgu var. Lütfen biraz sonra yeniden deneyin.",
		broken: "Hizmete şu anda ulaşılamıyor. Lütfen biraz sonra yeniden deneyin.",
		confirmed: "E-posta adresiniz doğrulandı; bekleyen iletiler size gönderilecek.",
		opted_out: "Bu başvuru için bu adrese bir daha e-posta gönderilmeyecek.",
		stale: "Bu bağlantı geçerli değil. İletideki bağlantının tamamını açtığınızdan emin olun.",
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
		erased: "The texts of this application were erased.",
		merged: "Your application is examined together with another one on the same matter. Number, deadline and answer stay your own.",
		final_owed: "An interim answer was given; the final answer will follow.",
		answer_by: "Reply by",
		final_by: "Final answer promised by",
		letter_on: "Date of the letter",
		letter_number: "Number of the letter",
		institution: "Institution",
		due_before: "Due before",
		due_now: "Due now",
		reason: "Reason",
		missing: "Enter the application number and the access code.",
		missing_reply: "Write your reply.",
		missing_add: "Write what you want to add, or choose a file.",
		too_many_files: "At most 10 files can be added.",
		empty_file: "The file is empty: ",
		large_file: "The file is larger than 20 MB: ",
		refused_file: "The file was not taken: ",
		sending: "The files are being sent…",
		missing_sure: "Tick that you are sure you want to withdraw it.",
		replied: "Your reply has arrived.",
		added: "It was added to your application.",
		files: "Files",
		withdrawn: "Your application was withdrawn.",
		wrong: "No application was found with this number and access code. Check both and try again.",
		conflict: "Your application has changed meanwhile. Below you see where it stands now.",
		busy: "There are many requests right now. Please try again a little later.",
		broken: "The service cannot be reached right now. Please try again a little later.",
		confirmed: "Your e-mail address is confirmed; what was waiting will be sent to you.",
		opted_out: "No more e-mail about this application will be sent to this address.",
		stale: "This link is not valid. Make sure that you opened the whole link of the message.",
	},
};

const language = document.documentElement.lang;
const words = WORDS[language];
const element = (id) => document.getElementById(id);
// What the page shows now, and the id of a command that is under way: tried again it is the same command.
let shown = null;
const ids = {};
// Files that were uploaded and not used yet: tried again they are the same.
const uploaded = new Map();
const FILES_MAX = 10;
const FILE_SIZE_MAX = 20 * 1024 * 1024;

function day(text, withTime) {
	// A date without a time is a day of the calendar here, not an instant.
	const date = withTime ? new Date(text) : new Date(text + "T12:00:00+03:00");
	const options = { timeZone: "Europe/Istanbul", dateStyle: "long" };
	if (withTime)
		options.timeStyle = "short";
	return isNaN(date) ? text : new Intl.DateTimeFormat(language === "en" ? "en-GB" : language, options).format(date);
}

function newId() {
	if (crypto.randomUUID)
		return crypto.randomUUID();
	// Not over plain HTTP: the same by hand (RFC 9562, version 4).
	const bytes = crypto.getRandomValues(new Uint8Array(16));
	bytes[6] = (bytes[6] & 0x0f) | 0x40;
	bytes[8] = (bytes[8] & 0x3f) | 0x80;
	const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
	return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

function line(parent, tag, text, kind) {
	const child = document.createElement(tag);
	child.textContent = text;
	if (kind)
		child.className = kind;
	parent.append(child);
	return child;
}

function fact(name, text) {
	if (text === undefined || text === null || text === "")
		return;
	line(element("facts"), "dt", words[name]);
	line(element("facts"), "dd", text);
}

function stepLines(step) {
	const lines = [];
	const add = (name, text) => text && lines.push(words[name] + ": " + text);
	if (step.event !== "application.received")
		add("department", step.department);
	add("institution", step.institution);
	add("letter_on", step.letter_on && day(step.letter_on, false));
	add("letter_number", step.letter_number);
	add("reason", step.reason_text);
	add("answer_by", step.answer_by && day(step.answer_by, false));
	add("final_by", step.final_by && day(step.final_by, false));
	add("due_before", step.due_before && day(step.due_before, false));
	add("due_now", step.due_on && day(step.due_on, false));
	add("files", (step.attachments || []).map((file) => file.name || file.media_type).join(", "));
	return lines;
}

function showStep(step) {
	const item = document.createElement("li");
	line(item, "strong", step.event_text || step.status_text);
	line(item, "p", day(step.at, true), "hint");
	for (const text of stepLines(step))
		line(item, "p", text);
	if (step.text)
		line(item, "p", step.text, "said");
	element("steps").append(item);
}

function showQuestion(question) {
	element("question").hidden = !question;
	if (!question)
		return;
	element("question-text").textContent = question.text || "";
	element("question-until").textContent = question.answer_by ? words.answer_by + ": " + day(question.answer_by, false) : "";
}

function showAnswer(answer) {
	element("answer").hidden = !answer || !answer.text;
	if (!answer || !answer.text)
		return;
	element("answer-text").textContent = answer.text;
	element("answer-at").textContent = day(answer.at, true);
}

function show(answer) {
	element("facts").replaceChildren();
	element("steps").replaceChildren();
	fact("number", answer.number);
	let status = answer.status_text || "";
	if (answer.merged)
		status += "\n" + words.merged;
	if (answer.final_owed)
		status += "\n" + words.final_owed;
	if (answer.erased)
		status += "\n" + words.erased;
	fact("status", status);
	fact("kind", answer.kind_text);
	fact("department", answer.department);
	fact("topic", answer.topic);
	fact("received_at", answer.received_at && day(answer.received_at, true));
	fact("due_on", answer.due_on && day(answer.due_on, false));
	fact("changed_at", answer.changed_at && day(answer.changed_at, true));
	fact("subject", answer.subject);
	fact("text", answer.text);
	showQuestion(answer.can_reply ? answer.question : null);
	showAnswer(answer.answer);
	for (const step of answer.history || [])
		showStep(step);
	element("add").hidden = !answer.can_add;
	element("withdraw").hidden = !answer.can_withdraw;
	element("result").hidden = false;
}

function complain(text) {
	element("problem").textContent = text;
	if (text)
		element("done").textContent = "";
}

// Beside the form that it is about, where the reader is.
function complainAt(name, text) {
	element(name + "-problem").textContent = text;
	if (text) {
		element("done").textContent = "";
		element(name + "-problem").focus();
		element(name + "-problem").scrollIntoView({ block: "center" });
	}
}

async function post(path, body) {
	return fetch(path, {
		method: "POST",
		headers: { "Content-Type": "application/json", "Accept-Language": language },
		body: JSON.stringify(body),
		cache: "no-store",
		credentials: "omit",
	});
}

// What a refusal says, in the reader's language; ours where there is none.
async function reason(response) {
	if (response.status === 429)
		return words.busy;
	if (response.status === 404)
		return words.wrong;
	if (response.status >= 500)
		return words.broken;
	try {
		const problem = await response.json();
		const faults = (problem.errors || []).map((fault) => fault.message || fault.text).filter(Boolean);
		return faults.length ? faults.join(" ") : problem.detail || problem.title || words.broken;
	} catch {
		return words.broken;
	}
}

async function ask(number, code, after) {
	const body = { number: number, access_code: code };
	if (after && after.stream)
		body.after = { stream: after.stream, seq: after.seq };
	try {
		const response = await post("/api/v1/track", body);
		if (response.ok) {
			shown = { number: number, code: code };
			show(await response.json());
			return true;
		}
		element("result").hidden = true;
		complain(response.status === 429 ? words.busy : response.status < 500 ? words.wrong : words.broken);
	} catch {
		element("result").hidden = true;
		complain(words.broken);
	}
	return false;
}

async function submit(event) {
	if (event)
		event.preventDefault();
	const number = element("number").value.trim().toUpperCase();
	const code = element("code").value.trim();
	complain("");
	element("done").textContent = "";
	element("result").hidden = true;
	if (!number || !code) {
		complain(words.missing);
		element(number ? "code" : "number").focus();
		return;
	}
	element("ask").disabled = true;
	if (await ask(number, code))
		element("result").focus();
	element("ask").disabled = false;
}

// A command of the applicant; then the page shows what came of it.
async function command(name, body, button, done) {
	ids[name] = ids[name] || newId();
	complain("");
	complainAt(name, "");
	element(button).disabled = true;
	try {
		const response = await post("/api/v1/track/" + name,
			{ number: shown.number, access_code: shown.code, id: ids[name], ...body });
		if (response.ok) {
			delete ids[name];
			const answer = await response.json().catch(() => ({}));
			if (await ask(shown.number, shown.code, answer.after))
				element("done").textContent = done;
			element(name + "-form").reset();
		} else if (response.status === 409) {
			delete ids[name];
			if (await ask(shown.number, shown.code))
				complain(words.conflict);
		} else {
			if (response.status < 500 && response.status !== 429)
				delete ids[name];
			if (response.status === 422)
				uploaded.clear();
			complainAt(name, await reason(response));
		}
	} catch {
		complainAt(name, words.broken);
	}
	element(button).disabled = false;
	if (!element(name + "-problem").textContent)
		element(element("problem").textContent ? "problem" : "done").scrollIntoView({ block: "center" });
}

// What is wrong with the files before any is sent.
function filesProblem(files) {
	if (files.length > FILES_MAX)
		return words.too_many_files;
	for (const file of files) {
		if (file.size === 0)
			return words.empty_file + file.name;
		if (file.size > FILE_SIZE_MAX)
			return words.large_file + file.name;
	}
	return "";
}

// The id of the file, which whoever is told it may name once; throws what is to be said.
async function upload(file) {
	if (uploaded.has(file))
		return uploaded.get(file);
	let response;
	try {
		response = await fetch("/api/v1/attachments", {
			method: "POST",
			headers: {
				"Content-Type": "application/octet-stream",
				"Accept-Language": language,
				"Attachment-Name": encodeURIComponent(file.name),
			},
			body: file,
			cache: "no-store",
			credentials: "omit",
		});
	} catch {
		throw new Error(words.broken);
	}
	if (response.status === 413)
		throw new Error(words.large_file + file.name);
	if (!response.ok)
		throw new Error(response.status === 429 || response.status >= 500 ? await reason(response)
			: words.refused_file + file.name + ". " + await reason(response));
	uploaded.set(file, (await response.json()).id);
	return uploaded.get(file);
}

function reply(event) {
	event.preventDefault();
	const text = element("reply").value.trim();
	if (!text) {
		complainAt("reply", words.missing_reply);
		element("reply").focus();
		return;
	}
	command("reply", { text: text }, "reply-send", words.replied);
}

async function append(event) {
	event.preventDefault();
	const text = element("add-text").value.trim();
	const files = Array.from(element("add-files").files);
	const problem = text || files.length ? filesProblem(files) : words.missing_add;
	complainAt("add", problem);
	if (problem)
		return;
	const attachments = [];
	element("add-send").disabled = true;
	element("done").textContent = files.length ? words.sending : "";
	try {
		for (const file of files)
			attachments.push(await upload(file));
	} catch (error) {
		element("add-send").disabled = false;
		complainAt("add", error.message);
		return;
	}
	element("done").textContent = "";
	await command("add", { ...(text && { text: text }), ...(attachments.length && { attachments: attachments }) }, "add-send", words.added);
}

function withdraw(event) {
	event.preventDefault();
	const text = element("withdraw-reason").value.trim();
	if (!element("withdraw-sure").checked) {
		complainAt("withdraw", words.missing_sure);
		element("withdraw-sure").focus();
		return;
	}
	command("withdraw", text ? { reason: text } : {}, "withdraw-send", words.withdrawn);
}

// What a link in a letter proves: "confirm" that the address is the reader's, "opt-out" that nothing more shall come.
async function prove(what, number, token) {
	let response;
	try {
		response = await post("/api/v1/addresses/" + what, { number: number, token: token });
	} catch {
		return complain(words.broken);
	}
	element("stop").hidden = true;
	if (response.ok)
		element("said").textContent = what === "confirm" ? words.confirmed : words.opted_out;
	else if (response.status === 429)
		complain(words.busy);
	else
		complain(response.status < 500 ? words.stale : words.broken);
}

function readFragment() {
	const given = new URLSearchParams(location.hash.slice(1));
	element("other").hash = location.hash;
	element("said").textContent = "";
	element("stop").hidden = !given.has("dur");
	if (!given.has("no"))
		return;
	if (given.has("onay"))
		prove("confirm", given.get("no"), given.get("onay"));
	element("stop").onclick = () => prove("opt-out", given.get("no"), given.get("dur"));
	if ((given.has("onay") || given.has("dur")) && !given.has("kod")) {
		element("number").value = given.get("no");
		return;
	}
	element("number").value = given.get("no");
	element("code").value = given.get("kod") || "";
	submit();
}

element("form").addEventListener("submit", submit);
element("reply-form").addEventListener("submit", reply);
element("add-form").addEventListener("submit", append);
element("withdraw-form").addEventListener("submit", withdraw);
window.addEventListener("hashchange", readFragment);
readFragment();
