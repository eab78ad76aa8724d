import { createApp } from "vue";
import App from "./App.vue";
import { onSignedOut } from "./api/client";
import { i18n, language, setLanguage } from "./i18n";
import { router } from "./router";
import { showTheme } from "./stores/preferences";
import { forget } from "./stores/session";
import { installUi } from "./ui";
import "./styles/tokens.css";
import "./styles/element.css";
import "./styles/base.css";

showTheme();
setLanguage(language());

onSignedOut(() => {
  const current = router.currentRoute.value;
  forget();
  if (current.name !== "sign-in") void router.push({ name: "sign-in", query: { next: current.fullPath, ended: "1" } });
});

const app = createApp(App, {
  startRouting: () => {
    app.use(router);
  },
});
app.use(i18n);
installUi(app);
app.mount("#app");
