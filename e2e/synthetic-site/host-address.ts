/** The address with this number in a subnet that ends between octets, as all of ours do. */
export function hostAddress(subnet: string, number: number): string {
  return subnet.replace(/\d+\/\d+$/, String(number));
}
