import { createApp } from "vue";
import { i18n, language, setLanguage } from "@/i18n";
import { theme } from "@/stores/preferences";
import { installUi } from "@/ui";
import FieldApp from "./FieldApp.vue";
import "@/styles/tokens.css";
import "@/styles/element.css";
import "@/styles/base.css";

// In the street the sun shines: light, unless the person has chosen otherwise on this phone.
if (localStorage.getItem("cityops.theme") === null) theme.value = "light";
document.documentElement.classList.toggle("dark", theme.value === "dark");
setLanguage(language());
const app = createApp(FieldApp);
app.use(i18n);
installUi(app);
app.mount("#app");
