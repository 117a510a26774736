import { render } from "preact";

import { App } from "./app";
import { startLanguage } from "./i18n";
import { startRouter } from "./state/router";
import "./styles/main.css";

startLanguage();
startRouter();
const root = document.getElementById("app");
if (root) render(<App />, root);
