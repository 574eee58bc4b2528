// Asks the browser for a passkey at once, and again when the button is pressed; what it
// answers goes into the form, and the form goes on its way.

const form = document.querySelector("form[data-passkey]");
const wrong = form.querySelector("[role=alert]");

async function ask() {
  wrong.hidden = true;
  const options = JSON.parse(form.dataset.options);
  try {
    const credential =
      form.dataset.passkey === "create"
        ? await navigator.credentials.create({
            publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options),
          })
        : await navigator.credentials.get({
            publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options),
          });
    const answer = credential.toJSON();
    answer.extensions = JSON.stringify(credential.getClientExtensionResults());
    form.elements.credential.value = JSON.stringify(answer);
    form.submit();
  } catch {
    wrong.hidden = false;
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  ask();
});
ask();
