"use strict";
const live = document.getElementById("live");
let shown = "";

async function refresh() {
  try {
    const answer = await fetch(location.pathname + "?fragment=1");
    if (!answer.ok) return;
    const text = await answer.text();
    if (text === shown) return;
    const open = [...live.querySelectorAll("details")].map((item) => item.open);
    live.innerHTML = shown = text;
    [...live.querySelectorAll("details")].forEach((item, at) => { if (open[at] !== undefined) item.open = open[at]; });
  } catch { /* the stand-in is restarting */ }
}

function values(form) {
  const found = Object.fromEntries(new FormData(form));
  if (form.dataset.repo) found.repo = form.dataset.repo;
  if (form.dataset.number) found.number = Number(form.dataset.number);
  return found;
}

async function send(form, url, body) {
  form.querySelector(".error")?.remove();
  const answer = await fetch(url, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
  });
  if (answer.ok) return answer.json();
  const note = document.createElement("p");
  note.className = "error";
  note.textContent = (await answer.text()).slice(0, 300);
  form.append(note);
  return null;
}

document.addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const button = form.querySelector("button:not([type])");
  button.disabled = true;
  const made = await send(form, form.dataset.post || "/_sandbox/act/" + form.dataset.act, values(form));
  button.disabled = false;
  if (!made) return;
  if (form.dataset.act === "comment") {
    form.elements.body.value = "";
    refresh();
  } else {
    location.href = "/_sandbox/t/" + form.dataset.repo + "/" + made.number;
  }
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[type=button]");
  if (!button) return;
  const form = button.closest("form");
  if (button.dataset.fill) {
    form.elements.title.value = button.dataset.title;
    form.elements.body.value = button.dataset.fill;
  } else if (button.dataset.act) {
    const all = values(form);
    if (await send(form, "/_sandbox/act/" + button.dataset.act, { repo: all.repo, number: all.number, actor: all.author })) location.reload();
  }
});

if (live) { refresh(); setInterval(refresh, 1200); }
