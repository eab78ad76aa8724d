/// <reference types="vite/client" />
import type {
  ElButton,
  ElCheckbox,
  ElConfigProvider,
  ElDatePicker,
  ElDialog,
  ElDrawer,
  ElDropdown,
  ElDropdownItem,
  ElDropdownMenu,
  ElInput,
  ElInputNumber,
  ElOption,
  ElPagination,
  ElSelect,
  ElSwitch,
  ElTooltip,
} from "element-plus";

// So that templates are checked against the components that ui.ts registers.
declare module "vue" {
  export interface GlobalComponents {
    ElButton: typeof ElButton;
    ElCheckbox: typeof ElCheckbox;
    ElConfigProvider: typeof ElConfigProvider;
    ElDatePicker: typeof ElDatePicker;
    ElDialog: typeof ElDialog;
    ElDrawer: typeof ElDrawer;
    ElDropdown: typeof ElDropdown;
    ElDropdownItem: typeof ElDropdownItem;
    ElDropdownMenu: typeof ElDropdownMenu;
    ElInput: typeof ElInput;
    ElInputNumber: typeof ElInputNumber;
    ElOption: typeof ElOption;
    ElPagination: typeof ElPagination;
    ElSelect: typeof ElSelect;
    ElSwitch: typeof ElSwitch;
    ElTooltip: typeof ElTooltip;
  }
}
