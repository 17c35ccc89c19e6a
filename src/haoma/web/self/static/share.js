"use strict";

for (const form of document.querySelectorAll("form.share")) {
  const button = form.querySelector("button");
  const said = form.querySelector("p");
  const tell = (text) => { said.textContent = text; };
  const send = ({ coords }) => {
    form.elements.lat.value = coords.latitude;
    form.elements.lon.value = coords.longitude;
    form.elements.accuracy.value = coords.accuracy;
    form.submit();
  };
  const denied = () => { button.disabled = false; tell(form.dataset.denied); };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    button.disabled = true;
    tell(form.dataset.wait);
    navigator.geolocation.getCurrentPosition(send, denied, { maximumAge: 0, timeout: 20000 });
  });
  button.hidden = !("geolocation" in navigator);
}
